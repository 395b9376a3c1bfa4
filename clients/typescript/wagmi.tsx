import { useState } from "react";
import type { Address } from "viem";
import { useSendTransaction, useSwitchChain } from "wagmi";

import { prepareDeposit, type WalletApi } from "./client.ts";
import { sentence } from "./deposit.ts";
import { toViem, verifyDeposit } from "./transfer.ts";

export function DepositButton(props: { api: WalletApi; from: Address; amount: string }) {
  const { api, from, amount } = props;
  const { switchChainAsync } = useSwitchChain();
  const { sendTransactionAsync, isPending } = useSendTransaction();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [status, setStatus] = useState("");

  async function deposit() {
    try {
      const body = { amount, baseAddress: from };
      const prepared = await prepareDeposit(api, body, key);
      verifyDeposit(prepared, body);
      const transfer = toViem(prepared);
      await switchChainAsync({ chainId: transfer.chainId });
      await sendTransactionAsync(transfer);
      setKey(crypto.randomUUID());
      setStatus("Sent.");
    } catch (error) {
      setStatus(sentence(error));
    }
  }

  return (
    <>
      <button disabled={isPending} onClick={deposit}>Deposit {amount} USDC</button>
      <p role="status">{status}</p>
    </>
  );
}
