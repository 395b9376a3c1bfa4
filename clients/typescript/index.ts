// What the package wallet-api-client exports.

export { toAccount } from "./account.ts";
export { answer, type Deposit, type DepositBody, deposits, prepareDeposit } from "./client.ts";
export { type RecordedDeposit, type WalletApi, walletApi } from "./client.ts";
export { callsArrived, type Provider, send, sendCalls, sendTransaction, sentence } from "./deposit.ts";
export { paymentQr } from "./qr.ts";
export { DepositError, Refusal, refusalOf } from "./refusal.ts";
export type { components, operations, paths } from "./schema.d.ts";
export { toViem, type Transfer, verifyDeposit } from "./transfer.ts";
