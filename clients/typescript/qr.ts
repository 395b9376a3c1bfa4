import { answer, type WalletApi } from "./client.ts";

/** Return a payment into the user's trading wallet as a QR code, for <img src=…>. */
export async function paymentQr(api: WalletApi, asset: "USDC" | "ETH", amount: string): Promise<string> {
  const query = { asset, amount };
  const svg = await answer(api.GET("/api/wallet/payment-qr", { params: { query }, parseAs: "text" }));
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
