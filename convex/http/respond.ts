import { ERROR_STATUS, type AppErrorData } from "../errors";

/** Browsers may call the API from any origin: it knows no cookies, only keys and tokens. */
const CORS_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
  "Access-Control-Allow-Headers":
    "Authorization, Content-Type, Mcp-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id",
  "Access-Control-Expose-Headers":
    "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, X-Export-Sessions, X-Export-TestCases, X-Export-Skipped, X-Export-Unknown, X-Export-Cursor, X-Export-Usage, X-Export-Empty, Link, Content-Disposition",
  "Access-Control-Max-Age": "86400",
};

/** A JSON answer. */
export function json(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
  });
}

/** The error body of every endpoint, with the headers its status asks for. */
export function errorResponse(error: AppErrorData, requestId: string): Response {
  const { code, message, details, retryAfterMs } = error;
  const status = ERROR_STATUS[code];
  const headers: Record<string, string> = {};
  if (status === 401) headers["WWW-Authenticate"] = 'Bearer realm="OpenSync"';
  if (retryAfterMs !== undefined) headers["Retry-After"] = String(Math.ceil(retryAfterMs / 1000));
  const body = { error: message, message: fuller(error), code, details, requestId };
  return json(status, body, headers);
}

function fuller({ message, details }: AppErrorData): string {
  if (!details || details.length === 0) return message;
  return `${message}: ${details.map(({ path, message: why }) => `${path} ${why}`).join("; ")}`;
}

/** What is left of a caller's limit; `resetMs` until it is whole again. */
export type LimitState = {
  class: string;
  limit: number;
  windowMs: number;
  remaining: number;
  resetMs: number;
};

/** Adds the rate limit headers (IETF httpapi draft: quota and window, what remains and for how long). */
export function withLimit(response: Response, state: LimitState | null): Response {
  if (state === null) return response;
  const { class: name, limit, windowMs, remaining, resetMs } = state;
  const seconds = (ms: number) => String(Math.ceil(ms / 1000));
  response.headers.set("RateLimit-Policy", `"${name}";q=${limit};w=${seconds(windowMs)}`);
  response.headers.set("RateLimit", `"${name}";r=${remaining};t=${seconds(resetMs)}`);
  return response;
}

/**
 * Adds what every answer carries: CORS headers, the request id of the log line, and `no-store` unless
 * the endpoint allows caching, because answers hold one person's data.
 */
export function finish(response: Response, requestId: string): Response {
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  for (const [name, value] of Object.entries(CORS_HEADERS)) response.headers.set(name, value);
  response.headers.set("X-Request-Id", requestId);
  return response;
}
