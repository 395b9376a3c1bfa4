import { answer, type WalletApi } from "./client.ts";

/** Draw a payment into the user's trading wallet, to be shown as <img src=…>. */
export async function paymentQr(api: WalletApi, asset: "USDC" | "ETH", amount: string): Promise<string> {
  const query = { asset, amount };
  const svg = await answer(api.GET("/api/wallet/payment-qr", { params: { query }, parseAs: "text" }));
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
