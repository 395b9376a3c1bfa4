/** An error response. `message`, which equals `error`, is a sentence for the user. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly error: string;
  readonly code: string;
  readonly status: number;
  /** Identifies the request in the service's log. */
  readonly requestId: string | null;
  /** Seconds to wait before a retry: with 429, 503, and some 409. */
  readonly retryAfter: number | null;

  constructor(response: Response, problem: { error?: string; code?: string }) {
    super(problem.error ?? "Something went wrong. Please try again.");
    this.error = this.message;
    this.code = problem.code ?? "unknown";
    this.status = response.status;
    this.requestId = response.headers.get("X-Request-Id");
    this.retryAfter = Number(response.headers.get("Retry-After")) || null;
  }
}

/** A deposit that was prepared wrong, or whose transfer failed. `message` is a sentence for the user. */
export class DepositError extends Error {
  override readonly name = "DepositError";
}

/** Read an error response. A proxy may have answered with its own page. */
export async function refusalOf(response: Response): Promise<Refusal> {
  return new Refusal(response, await response.json().catch(() => ({})));
}
