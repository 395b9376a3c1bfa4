import { useState } from "react";
import type { Address } from "viem";
import { useSendTransaction, useSwitchChain } from "wagmi";

import { prepareDeposit, type WalletApi } from "./client.ts";
import { sentence } from "./deposit.ts";

export function DepositButton(props: { api: WalletApi; from: Address; amount: string }) {
  const { api, from, amount } = props;
  const { switchChainAsync } = useSwitchChain();
  const { sendTransactionAsync, isPending } = useSendTransaction();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [status, setStatus] = useState("");

  async function deposit() {
    try {
      const { network, transaction } = await prepareDeposit(api, { amount, baseAddress: from }, key);
      await switchChainAsync({ chainId: network.chainId });
      await sendTransactionAsync({
        account: transaction.from,
        chainId: network.chainId,
        to: transaction.to,
        data: transaction.data,
        value: BigInt(transaction.value),
        gas: transaction.gas && BigInt(transaction.gas),
      });
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
