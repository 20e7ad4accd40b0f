import { matchesTag, weakTag } from "../lib/etag";
import { ERROR_STATUS, type AppErrorData } from "../errors";

/** Browsers may call the API from any origin, because it uses only keys and tokens, not cookies. */
const CORS_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
  "Access-Control-Allow-Headers":
    "Authorization, Content-Type, X-API-Key, Prefer, If-None-Match, traceparent, tracestate, Mcp-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id",
  "Access-Control-Expose-Headers":
    "X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, X-Export-Sessions, X-Export-TestCases, X-Export-Skipped, X-Export-Cut, X-Export-Incomplete, X-Export-Unknown, X-Export-Cursor, X-Export-Usage, X-Export-Empty, Link, ETag, Deprecation, Sunset, Preference-Applied, Content-Disposition",
  "Access-Control-Max-Age": "86400",
};

/** A JSON response. */
export function json(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Response {
  return jsonText(status, JSON.stringify(body), headers);
}

/** A response with the text of its JSON. */
export function jsonText(
  status: number,
  text: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Response {
  return new Response(text, {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
  });
}

/**
 * A header that leads to the next page: this request with another cursor. None at the end. The cursor may
 * have been sent under any of its `names`; the link has the first.
 */
export function linkTo(
  request: Request,
  names: readonly [string, ...string[]],
  cursor: string | null,
): { [header: string]: string } {
  if (cursor === null) return {};
  const { pathname, search } = new URL(request.url);
  // Parameters apart from their URL, which would be written and read again with each change.
  const params = new URLSearchParams(search);
  for (const name of names) params.delete(name);
  params.set(names[0], cursor);
  return { Link: `<${pathname}?${params.toString()}>; rel="next"` };
}

/** The text of JSON in a response with a tag, by which clients that have it already get 304 (`unlessKnown`). */
export async function taggedText(
  text: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const bytes = new TextEncoder().encode(text);
  return jsonText(200, bytes, { ETag: await weakTag([bytes]), ...headers });
}

/** Replaces an answer that the client has already by 304 without a body. */
export function unlessKnown(request: Request, response: Response): Response {
  const tag = response.headers.get("ETag");
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (tag === null || !isRead || response.status !== 200) return response;
  if (!matchesTag(request.headers.get("If-None-Match"), tag)) return response;
  const { headers } = response;
  headers.delete("Content-Type");
  return new Response(null, { status: 304, headers });
}

/** A response of chunks, which are sent one by one, so that those sent can be released. */
export function bytesResponse(
  chunks: Uint8Array[],
  contentType: string,
  headers: Record<string, string> = {},
): Response {
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
  return new Response(stream, { headers: { "Content-Type": contentType, ...headers } });
}

/** A picture, which may load nothing. Its own style is inline, and no script runs in it. */
export function pictureResponse(svg: string, headers: Record<string, string> = {}): Response {
  return new Response(svg, {
    headers: {
      "Content-Type": "image/svg+xml; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
      "X-Content-Type-Options": "nosniff",
      ...headers,
    },
  });
}

/** The error response of every endpoint, with the headers its status requires. */
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

/** The remaining rate limit of a caller; `resetMs` is the time until it is fully restored. */
export type LimitState = {
  class: string;
  limit: number;
  windowMs: number;
  remaining: number;
  resetMs: number;
};

/** Adds rate limit headers (IETF httpapi draft: quota and window, remaining requests and time). */
export function withLimit(response: Response, state: LimitState | null): Response {
  if (state === null) return response;
  const { class: name, limit, windowMs, remaining, resetMs } = state;
  const seconds = (ms: number) => String(Math.ceil(ms / 1000));
  response.headers.set("RateLimit-Policy", `"${name}";q=${limit};w=${seconds(windowMs)}`);
  response.headers.set("RateLimit", `"${name}";r=${remaining};t=${seconds(resetMs)}`);
  return response;
}

/** The time since when the names deprecated today are deprecated, epoch seconds. */
const DEPRECATED_SINCE = Date.UTC(2026, 10, 29) / 1_000;

/** Tells that a path or parameter is deprecated (RFC 9745). None has a date of removal (`Sunset`) yet. */
export function markDeprecated({ headers }: Response): void {
  headers.set("Deprecation", `@${DEPRECATED_SINCE}`);
}

/**
 * Adds the headers of every answer: CORS, the request id of the log, and `no-store` unless the
 * endpoint allows caching, because answers contain one person's data.
 */
export function finish(response: Response, requestId: string): Response {
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  for (const [name, value] of Object.entries(CORS_HEADERS)) response.headers.set(name, value);
  response.headers.set("X-Request-Id", requestId);
  return response;
}
