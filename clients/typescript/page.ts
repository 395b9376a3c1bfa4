import { sdk } from "@farcaster/miniapp-sdk";

import { type DepositBody, prepareDeposit, walletApi } from "./client.ts";
import { send, sentence } from "./deposit.ts";
import { verifyDeposit } from "./transfer.ts";

const api = walletApi("https://wallets.example.com", async () => (await sdk.quickAuth.getToken()).token);

// An attempt keeps its key until it gets a response, so that a retry does not prepare a second deposit.
let attempt: { request: string; key: string } | undefined;

export async function deposit(asset: "USDC" | "ETH", amount: string, show: (text: string) => void) {
  try {
    const provider = await sdk.wallet.getEthereumProvider();
    if (!provider) return show("There is no wallet in this app.");
    const [from] = await provider.request({ method: "eth_requestAccounts" });
    if (!from) return show("Please connect your wallet.");

    const body: DepositBody = { asset, amount, baseAddress: from };
    const request = JSON.stringify(body);
    if (attempt?.request !== request) attempt = { request, key: crypto.randomUUID() };
    const prepared = await prepareDeposit(api, body, attempt.key);
    attempt = undefined;
    verifyDeposit(prepared, body);

    show(prepared.note);
    await send(provider, prepared);
    show("Your deposit is on its way.");
  } catch (error) {
    show(sentence(error));
  }
}
