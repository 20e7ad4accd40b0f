import { sha256Base64 } from "../../lib/hash";
import { PAGE_STYLE } from "../../pages/style";

/** The content policy of a page: its own style by hash, our script, and images from us or inline. */
export async function pagePolicy(): Promise<string> {
  const hash = await sha256Base64(PAGE_STYLE);
  return [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
  ].join("; ");
}

/** The content policy of a shared page: its own style by hash and inline images. No script. */
export async function sharedPolicy(): Promise<string> {
  const hash = await sha256Base64(PAGE_STYLE);
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self' data:; base-uri 'none'; form-action 'none'`;
}

type Extra = { status?: number; headers?: Record<string, string> };

/** A page as a response that is never cached, framed or sniffed. */
export function pageResponse(
  body: string,
  policy: string,
  { status = 200, headers = {} }: Extra = {},
): Response {
  return new Response(body, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": `${policy}; frame-ancestors 'none'`,
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "DENY",
      "X-Robots-Tag": "noindex, nofollow",
      "Referrer-Policy": "same-origin",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cache-Control": "no-store",
      ...headers,
    },
  });
}

/** Redirects the browser to another page of ours, as after every change. */
export function redirect(address: string, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: { Location: address, "Cache-Control": "no-store", ...headers },
  });
}

/** The path if it is one of ours, otherwise `/`. It never leads to another site. */
export function ownPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])[^\s\\]*$/.test(path) ? path : "/";
}
