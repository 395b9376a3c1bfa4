import { type Address, encodeFunctionData, erc20Abi, getAddress, type Hex, parseUnits } from "viem";

import type { Deposit, DepositBody } from "./client.ts";
import { DepositError } from "./refusal.ts";

/** A transfer as `sendTransaction` of viem and wagmi takes it. */
export type Transfer = { account: Address; chainId: number; to: Address; data: Hex; value: bigint; gas?: bigint };

/** Return the prepared transfer with numbers instead of hex strings. */
export function toViem({ network, transaction }: Deposit): Transfer {
  const { from, to, data, value, gas } = transaction;
  const transfer = { account: from, chainId: network.chainId, to, data, value: BigInt(value) };
  return gas === undefined ? transfer : { ...transfer, gas: BigInt(gas) };
}

// Circle's USDC contracts on Base and Base Sepolia.
const USDC: Record<number, Address> = {
  8453: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
  84532: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
};

/**
 * Throw a DepositError unless the prepared transfer pays exactly what was asked for to `depositAddress`.
 *
 * It finds mistakes on the way: another amount, asset, sender or chain, a mistyped address, data
 * that do something else. It cannot know whose address `depositAddress` is: only the service does.
 */
export function verifyDeposit(deposit: Deposit, asked: DepositBody & { chainId?: number }): void {
  try {
    compare(deposit, asked);
  } catch (error) {
    if (error instanceof DepositError) throw error;
    // A member is missing, or is not a number or an address.
    throw new DepositError("The prepared deposit is wrong: it cannot be read. Nothing was sent.", { cause: error });
  }
}

function compare(deposit: Deposit, asked: DepositBody & { chainId?: number }): void {
  const { network, asset, depositAddress: to, transaction, walletSendCalls: batch } = deposit;
  const expect = (holds: boolean, otherwise: string) => {
    if (!holds) throw new DepositError(`The prepared deposit is wrong: ${otherwise}. Nothing was sent.`);
  };
  const usdc = USDC[network.chainId];
  if (!usdc) throw new DepositError(`The chain ${network.chainId} is not known here.`);
  expect(network.chainId === (asked.chainId ?? network.chainId), "it is for another chain");
  expect(asset === (asked.asset ?? "USDC"), "it is for another asset");
  expect(getAddress(to) === to, "its address has a wrong checksum (EIP-55)");

  const decimals = asset === "USDC" ? 6 : 18;
  const [, fraction = ""] = asked.amount.split(".");
  const amount = parseUnits(asked.amount, decimals);
  // parseUnits() rounds more decimals than there are.
  expect(fraction.length <= decimals, "it is for another amount");
  expect(parseUnits(deposit.amount, decimals) === amount, "it is for another amount");

  const transfer = () => encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] });
  const call = asset === "ETH" ? { to, value: amount, data: "0x" } : { to: usdc, value: 0n, data: transfer() };
  expect(BigInt(batch.chainId) === BigInt(network.chainId), "its batch is for another chain");
  expect(batch.calls.length === 1, "its batch has other calls");
  for (const { to, value, data } of [transaction, ...batch.calls]) {
    expect(to === call.to, "it calls another address");
    expect(BigInt(value) === call.value, "it sends another value");
    expect(data === call.data, "its data are another transfer");
  }
  const from = (asked.baseAddress ?? transaction.from).toLowerCase();
  for (const sender of [transaction.from, batch.from]) {
    expect(sender.toLowerCase() === from, "it is from another sender");
  }
  const uri = asset === "ETH"
    ? `ethereum:${to}@${network.chainId}?value=${amount}`
    : `ethereum:${usdc}@${network.chainId}/transfer?address=${to}&uint256=${amount}`;
  expect(deposit.paymentUri === uri, "its paymentUri is another payment");
}
