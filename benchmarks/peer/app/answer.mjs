// The service without the duties, as Next.js route handlers: no audit entry, no derived address,
// no log line, no recorded deposit.
import { Refusal, authenticate } from "../wallets.mjs";

/** Return a route handler that answers a user's request with JSON. */
export function answering(handle) {
  return async (request) => {
    try {
      const fid = await authenticate(request.headers.get("authorization"));
      return Response.json(await handle(fid, request), {
        headers: { "cache-control": "no-store" },
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return Response.json({ error: error.message }, { status: error.statusCode });
    }
  };
}
