// Run by tests/clients against a real service, with a wallet that records its requests.
// Each @ts-expect-error is a mistake that the generated types must detect.

import { answer, deposits, prepareDeposit, type RecordedDeposit, walletApi } from "./client.ts";
import { callsArrived, send, sendCalls, sendTransaction, sentence } from "./deposit.ts";
import * as plain from "./plain.ts";
import { paymentQr } from "./qr.ts";
import { Refusal } from "./refusal.ts";
import { verifyDeposit } from "./transfer.ts";

declare const process: { env: { SERVICE: string; QUICK_AUTH_TOKEN: string } };
const { SERVICE, QUICK_AUTH_TOKEN } = process.env;
const FROM = "0x78547fc07fdc8aac05e53b034e510b276a5ba384";
const HASH = `0x${"ab".repeat(32)}`;

function wallet(answers: Record<string, unknown>) {
  const asked: { method: string; params?: unknown }[] = [];
  async function request({ method, params }: { method: string; params?: unknown }) {
    asked.push({ method, params });
    const given = answers[method];
    if (given instanceof Error) throw given;
    if (typeof given === "number") throw Object.assign(new Error("refused by the wallet"), { code: given });
    return given;
  }
  return { asked, request };
}

async function refused(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...error, said: sentence(error) };
  }
  throw new Error("it was not refused");
}

let signIns = 0;
const api = walletApi(SERVICE, async () => {
  signIns += 1;
  return QUICK_AUTH_TOKEN;
});
const first = await prepareDeposit(api, { asset: "USDC", amount: "20", baseAddress: FROM }, "first");
const again = await prepareDeposit(api, { asset: "USDC", amount: "20", baseAddress: FROM }, "first");
const ether = await prepareDeposit(api, { asset: "ETH", amount: "0.5", baseAddress: FROM }, "ether");
const { wallets } = await answer(api.GET("/api/wallet/user-wallets"));

const { token, fid } = await plain.signIn(SERVICE, QUICK_AUTH_TOKEN);
const given = await prepareDeposit(walletApi(SERVICE, async () => "", token), { amount: "20", baseAddress: FROM }, "given");
const byHand = await plain.prepareDeposit(SERVICE, token, { amount: "20", baseAddress: FROM }, "by-hand");

const listed: RecordedDeposit[] = [];
for await (const deposit of deposits(api)) listed.push(deposit);
const found = await plain.getDeposit(SERVICE, token, byHand.depositId);
const unknown = await refused(plain.getDeposit(SERVICE, token, fid.toString()));

const nothing = await refused(prepareDeposit(api, { amount: "0", baseAddress: FROM }, "nothing"));
const reused = await refused(prepareDeposit(api, { amount: "21", baseAddress: FROM }, "first"));
const malformed = await refused(plain.prepareDeposit(SERVICE, token, { amount: "1e3" }, "malformed"));
const badToken = await refused(plain.prepareDeposit(SERVICE, "no token", { amount: "20" }, "bad-token"));
const stranger = await refused(answer(walletApi(SERVICE, async () => "no token").GET("/api/wallet/primary")));

const batching = wallet({ wallet_sendCalls: { id: "batch" }, wallet_getCallsStatus: { status: 200, receipts: [] } });
await send(batching, first);
const failing = wallet({ wallet_sendCalls: { id: "batch" }, wallet_getCallsStatus: { status: 500, receipts: [] } });
const failed = await callsArrived(failing, first, await sendCalls(failing, first));

const chainId = `0x${first.network.chainId.toString(16)}`;
const plainWallet = { eth_chainId: chainId, wallet_switchEthereumChain: null, eth_sendTransaction: HASH };
const old = wallet({ ...plainWallet, wallet_sendCalls: -32601 });
await send(old, first);
const sendsEther = wallet(plainWallet);
const hash = await sendTransaction(sendsEther, ether);
const elsewhere = wallet({ ...plainWallet, eth_chainId: "0x1" });
const wrongChain = await sendTransaction(elsewhere, first).catch(sentence);
const declines = wallet({ ...plainWallet, wallet_sendCalls: 4001 });
const declined = await send(declines, first).catch(sentence);
const breaks = wallet({ ...plainWallet, wallet_sendCalls: -32603 });
const broken = await send(breaks, first).catch(sentence);

const { transaction, network } = first;
const verified = (change: object) => {
  try {
    verifyDeposit({ ...first, ...change }, { amount: "20", baseAddress: FROM });
  } catch (error) {
    return sentence(error);
  }
};
const failsWith = (message: string) => Object.assign(new Error(message), { code: -32000 });
const poor = failsWith("insufficient funds for gas * price + value");
const withoutUsdc = failsWith("execution reverted: ERC20: transfer amount exceeds balance");
const sentences = {
  unchanged: verified({}) ?? null,
  otherAddress: verified({ transaction: { ...transaction, to: FROM } }),
  noNumber: verified({ transaction: { ...transaction, value: "much" } }),
  noAddress: verified({ depositAddress: "0x12" }),
  missing: verified({ walletSendCalls: undefined }),
  otherChain: verified({ network: { ...network, chainId: 1 } }),
  unknownChain: await send(batching, { ...first, network: { ...network, chainId: 1 } }).catch(sentence),
  reverted: await send(failing, first).catch(sentence),
  declined,
  declinedToConnect: sentence({ code: 4001, message: "Denied." }),
  declinedTransaction: await sendTransaction(wallet({ ...plainWallet, eth_sendTransaction: 4001 }), first).catch(sentence),
  chainNotAdded: await sendTransaction(wallet({ ...plainWallet, wallet_switchEthereumChain: 4902 }), first).catch(sentence),
  // viem tries both methods.
  poor: await sendTransaction(
    wallet({ ...plainWallet, eth_sendTransaction: poor, wallet_sendTransaction: poor }), first,
  ).catch(sentence),
  poorBatch: await send(wallet({ wallet_sendCalls: poor }), first).catch(sentence),
  withoutUsdc: await send(wallet({ wallet_sendCalls: withoutUsdc }), first).catch(sentence),
  ofWagmi: sentence(Object.assign(new Error("Connector not connected. Version: 3"), { shortMessage: "Connector not connected." })),
  offline: await answer(walletApi("http://127.0.0.1:9", async () => "").GET("/api/wallet/primary")).catch(sentence),
  nothing: sentence(undefined),
};

console.log(JSON.stringify({
  sentences,
  ...{ first, again, ether, byHand, given, wallets, fid, signIns, token, listed, found, unknown },
  ...{ nothing, reused, malformed, badToken, stranger },
  ...{ hash, failed, wrongChain, broken, qr: await paymentQr(api, "USDC", "20") },
  asked: {
    ...{ batching: batching.asked, old: old.asked, sendsEther: sendsEther.asked },
    ...{ elsewhere: elsewhere.asked, declines: declines.asked, breaks: breaks.asked },
  },
}));

export function mistakes() {
  // @ts-expect-error: an amount is a string.
  prepareDeposit(api, { amount: 20 }, "");
  // @ts-expect-error: an amount is needed.
  prepareDeposit(api, { baseAddress: FROM }, "");
  // @ts-expect-error: there is no such asset.
  prepareDeposit(api, { asset: "DAI", amount: "20" }, "");
  // @ts-expect-error: an address begins with 0x.
  prepareDeposit(api, { amount: "20", baseAddress: "78547fc0" }, "");
  // @ts-expect-error: there is no such route.
  api.POST("/api/wallet/deposits");
  // @ts-expect-error: nobody watches the chain yet.
  if (listed[0].status === "confirmed") throw new Error();
  // @ts-expect-error: the service answers no such member.
  first.address;
  // @ts-expect-error: only a transfer of USDC names gas.
  BigInt(first.transaction.gas);
}
