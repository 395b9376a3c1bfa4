import createClient from "openapi-fetch";

import { refusalOf } from "./refusal.ts";
import type { components, paths } from "./schema.d.ts";

export type Deposit = components["schemas"]["DepositAnswer"];
export type DepositBody = components["schemas"]["DepositBody"];
export type RecordedDeposit = components["schemas"]["RecordedDeposit"];
export type WalletApi = ReturnType<typeof walletApi>;

/**
 * Return a client that signs in when needed, and throws a Refusal for each error response.
 *
 * `token` is a session token. It is kept in memory only, so that it is lost when the page is closed.
 */
export function walletApi(baseUrl: string, quickAuthToken: () => Promise<string>, token?: string) {
  const api = createClient<paths>({ baseUrl });

  async function signIn(): Promise<string> {
    const headers = { Authorization: `Bearer ${await quickAuthToken()}` };
    return (await answer(api.POST("/api/auth/base-account", { headers }))).token;
  }

  api.use({
    async onRequest({ request }) {
      if (request.headers.has("Authorization")) return;
      request.headers.set("Authorization", `Bearer ${(token ??= await signIn())}`);
    },
    async onResponse({ response }) {
      if (response.ok) return;
      // The next request signs in again.
      if (response.status === 401) token = undefined;
      throw await refusalOf(response);
    },
  });
  return api;
}

/** Return the data of a response. It is present, because an error response was thrown. */
export async function answer<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  return (await call).data as NonNullable<T>;
}

/** Prepare a deposit. Use the same `key` for the retries of one attempt, and a new one for the next. */
export function prepareDeposit(api: WalletApi, body: DepositBody, key: string): Promise<Deposit> {
  const header = { "Idempotency-Key": key };
  return answer(api.POST("/api/wallet/deposit", { params: { header }, body }));
}

/** Yield the deposits that were prepared, newest first. Their status does not say that money arrived. */
export async function* deposits(api: WalletApi): AsyncGenerator<RecordedDeposit> {
  let cursor: string | undefined;
  do {
    const query = cursor ? { cursor } : {};
    const page = await answer(api.GET("/api/wallet/deposits", { params: { query } }));
    yield* page.data;
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
}
