import { refusalOf } from "./refusal.ts";
import type { components } from "./schema.d.ts";

type Shapes = components["schemas"];

async function post<T>(url: string, token: string, body?: object, key?: string): Promise<T> {
  const headers = new Headers({ Authorization: `Bearer ${token}` });
  if (body) headers.set("Content-Type", "application/json");
  if (key) headers.set("Idempotency-Key", key);
  const response = await fetch(url, { method: "POST", headers, body: body ? JSON.stringify(body) : null });
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}

/** Exchange a Quick Auth token for a session token. */
export const signIn = (service: string, quickAuthToken: string) =>
  post<Shapes["SignInAnswer"]>(`${service}/api/auth/base-account`, quickAuthToken);

/** Prepare a deposit with the session token. Use the same `key` for the retries of one attempt. */
export const prepareDeposit = (service: string, token: string, body: Shapes["DepositBody"], key: string) =>
  post<Shapes["DepositAnswer"]>(`${service}/api/wallet/deposit`, token, body, key);

/** Return a prepared deposit. Its status does not say that the money arrived. */
export async function getDeposit(service: string, token: string, id: string): Promise<Shapes["RecordedDeposit"]> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${service}/api/wallet/deposits/${id}`, { headers });
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}
