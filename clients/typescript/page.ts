import { sdk } from "@farcaster/miniapp-sdk";

import { type DepositBody, prepareDeposit, walletApi } from "./client.ts";
import { send, sentence } from "./deposit.ts";
import { verifyDeposit } from "./transfer.ts";

const api = walletApi("https://wallets.example.com", async () => (await sdk.quickAuth.getToken()).token);

// An attempt keeps its key until it was answered, so that asking again does not make a second one.
let attempt: { asked: string; key: string } | undefined;

export async function deposit(asset: "USDC" | "ETH", amount: string, say: (text: string) => void) {
  try {
    const provider = await sdk.wallet.getEthereumProvider();
    if (!provider) return say("There is no wallet in this app.");
    const [from] = await provider.request({ method: "eth_requestAccounts" });
    if (!from) return say("Please connect your wallet.");

    const body: DepositBody = { asset, amount, baseAddress: from };
    const asked = JSON.stringify(body);
    if (attempt?.asked !== asked) attempt = { asked, key: crypto.randomUUID() };
    const prepared = await prepareDeposit(api, body, attempt.key);
    attempt = undefined;
    verifyDeposit(prepared, body);

    say(prepared.note);
    await send(provider, prepared);
    say("Your deposit is on its way.");
  } catch (error) {
    say(sentence(error));
  }
}
