import { createWalletClient, custom, type Hex } from "viem";
import { base, baseSepolia } from "viem/chains";

import type { Deposit } from "./client.ts";
import { DepositError, Refusal } from "./refusal.ts";

/** The user's wallet: `sdk.wallet.getEthereumProvider()` or `window.ethereum`. */
export type Provider = Parameters<typeof custom>[0];

function walletOf(provider: Provider, { network, transaction }: Deposit) {
  const chain = [base, baseSepolia].find(({ id }) => id === network.chainId);
  if (!chain) throw new DepositError(`The chain ${network.chainId} is not known here.`);
  // No retries by viem: they could send the transfer twice.
  const transport = custom(provider, { retryCount: 0 });
  return createWalletClient({ account: transaction.from, chain, transport });
}

/** Have the user sign the transfer as a transaction, and return its hash. */
export async function sendTransaction(provider: Provider, deposit: Deposit): Promise<Hex> {
  const wallet = walletOf(provider, deposit);
  const { to, data, value, gas } = deposit.transaction;
  await wallet.switchChain({ id: deposit.network.chainId });
  return wallet.sendTransaction({ to, data, value: BigInt(value), gas: gas && BigInt(gas) });
}

/** Have the user sign it as a batch of one call (EIP-5792), and return the batch's id. */
export async function sendCalls(provider: Provider, deposit: Deposit): Promise<string> {
  const wallet = walletOf(provider, deposit);
  const { id } = await wallet.request({
    method: "wallet_sendCalls",
    params: [deposit.walletSendCalls],
  });
  return id;
}

/** Poll `wallet_getCallsStatus` until the batch is in a block. Return false if it failed there. */
export async function callsArrived(provider: Provider, deposit: Deposit, id: string): Promise<boolean> {
  const { status } = await walletOf(provider, deposit).waitForCallsStatus({ id, timeout: 120_000 });
  return status === "success";
}

// The codes of EIP-1193, EIP-1474 and JSON-RPC for an unsupported method.
const NOT_SUPPORTED = [4200, -32004, -32601];

/** Send it as a batch, or as a transaction if the wallet has no batches. Wait for the batch. */
export async function send(provider: Provider, deposit: Deposit): Promise<void> {
  let id: string;
  try {
    id = await sendCalls(provider, deposit);
  } catch (error) {
    // After any other error the batch may have been sent: a transaction would pay twice.
    const { code } = error as { code?: number };
    if (code === undefined || !NOT_SUPPORTED.includes(code)) throw error;
    await sendTransaction(provider, deposit);
    return;
  }
  if (!(await callsArrived(provider, deposit, id))) throw new DepositError("The transfer failed.");
}

type WalletError = { code?: number | string; message?: string; shortMessage?: string; cause?: unknown };

/** Return a sentence for the user. */
export function sentence(error: unknown): string {
  if (error instanceof Refusal || error instanceof DepositError) return error.message;
  // Wallets throw objects with a code (EIP-1193). viem and wagmi wrap them.
  for (let one = error as WalletError; one; one = one.cause as WalletError) {
    if (one.code === 4001) return "You declined the request in your wallet.";
    if (one.code === 4902) return "Your wallet does not know this network. Please add it there.";
    if (/insufficient funds|exceeds [a-z ]*balance/i.test(one.message ?? "")) {
      return "Your wallet does not have enough for this transfer and its network fee.";
    }
  }
  const { shortMessage } = (error ?? {}) as WalletError;
  return shortMessage ?? "That did not work. Please check your connection and try again.";
}
