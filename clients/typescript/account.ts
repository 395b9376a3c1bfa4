import { type Address, createClient, getTypesForEIP712Domain, type Hex, http } from "viem";
import { type LocalAccount, toHex, type TypedDataDefinition } from "viem";
import { toAccount as customAccount } from "viem/accounts";
import { formatTransactionRequest, pad, serializeTypedData } from "viem/utils";
import { refusalOf } from "./refusal.ts";

type Wallet = { service: string; token: string; fid: number | bigint; chainId: number; address: Address };

/**
 * Return a viem account whose private key stays in the service.
 *
 * viem asks its own node for nonce, gas and fees, and sends what the account has signed.
 */
export function toAccount({ service, token, fid, chainId, address }: Wallet): LocalAccount {
  const fetchOptions = { headers: { Authorization: `Bearer ${token}` } };
  const url = `${service}/v1/users/${fid}/rpc/${chainId}`;
  const { request } = createClient({ transport: http(url, { fetchOptions, retryCount: 0 }) });

  return customAccount({
    address,
    signMessage({ message }) {
      const data = typeof message === "string" ? message : message.raw;
      const hex = typeof message !== "string" && typeof data === "string" ? (data as Hex) : toHex(data);
      return request({ method: "personal_sign", params: [hex, address] });
    },
    signTypedData(definition) {
      const { domain = {}, types, ...rest } = definition as TypedDataDefinition;
      // Without this type, serializeTypedData() leaves the domain out.
      const all = { EIP712Domain: getTypesForEIP712Domain({ domain }), ...types };
      const text = serializeTypedData({ domain, types: all, ...rest } as TypedDataDefinition);
      return request({ method: "eth_signTypedData_v4", params: [address, text] });
    },
    async signTransaction({ chainId: wanted = chainId, ...transaction }) {
      const given = formatTransactionRequest(transaction as object);
      const named = { ...given, from: address, chainId: toHex(wanted) };
      const signed = await request({ method: "eth_signTransaction", params: [named] });
      // The service answers as geth, viem's type says only `raw`.
      return (signed as unknown as { raw: Hex }).raw;
    },
    async signAuthorization({ chainId: wanted, nonce, ...delegate }) {
      const contract = (delegate.contractAddress ?? delegate.address) as Address;
      const given = { chainId: toHex(wanted), address: contract, nonce: toHex(nonce) };
      const headers = { ...fetchOptions.headers, "Content-Type": "application/json" };
      const body = JSON.stringify({ chainId, authorization: given });
      const route = `${service}/v1/users/${fid}/wallets/ethereum/sign/authorization`;
      const response = await fetch(route, { method: "POST", headers, body });
      if (!response.ok) throw await refusalOf(response);
      const { r, s, yParity } = (await response.json()).authorization as { r: Hex; s: Hex; yParity: Hex };
      const signature = { r: pad(r), s: pad(s), yParity: Number(yParity) };
      return { address: contract, chainId: wanted, nonce, ...signature };
    },
  });
}
