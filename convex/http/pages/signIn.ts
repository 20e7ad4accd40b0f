import { internal } from "../../_generated/api";
import { API_KEY_MARK } from "../../lib/accounts/apiKey";
import { sha256 } from "../../lib/hash";
import { DAY_MS } from "../../lib/time";
import { FAVICON } from "../../pages/layout";
import { PAGE_SCRIPT } from "../../pages/script";
import { signInPage } from "../../pages/signIn";
import { readText } from "../body";
import type { Endpoint } from "../endpoint";
import { browserOf, signedIn, signedOut } from "./browser";
import { LOST_CHANGE, openPage } from "./endpoint";
import { hasWorkos } from "./workosSetting";
import { ownPath, pagePolicy, pageResponse, redirect } from "./respond";

/** The lifetime of the cookie; the rows in the table expire at the same time. */
const COOKIE_MS = 30 * DAY_MS;

const WRONG_KEY = "This key is unknown. Check that it is complete and has not been revoked.";
const LOST = "You were signed out, so nothing was changed. Sign in and try again.";
const WRONG_LINK = "This link has expired: it works once, within an hour. Use your key instead.";

/** The page that strangers see: what OpenSync is, and how to sign in. */
export async function signInForm(
  request: Request,
  { problem, status, to }: { problem?: string; status?: number; to?: string | null } = {},
): Promise<Response> {
  const { searchParams, origin } = new URL(request.url);
  const policy = await pagePolicy();
  const body = signInPage(
    { policy },
    {
      to: ownPath(to ?? searchParams.get("to")),
      code: problem === undefined ? (searchParams.get("code") ?? undefined) : undefined,
      problem: problem ?? (searchParams.has(LOST_CHANGE) ? LOST : undefined),
      hasWorkos: hasWorkos(),
      site: origin,
    },
  );
  return pageResponse(body, policy, { status });
}

export const getSignIn: Endpoint = openPage({ method: "GET", path: "/sign-in" }, (_, { request }) =>
  signInForm(request),
);

/** Exchanges a key, or the code of a link, for a cookie. */
export const postSignIn: Endpoint = openPage(
  { method: "POST", path: "/sign-in" },
  async (ctx, { request }) => {
    const form = new URLSearchParams(await readText(request));
    const label = browserLabel(request.headers.get("User-Agent") ?? "");
    const key = (form.get("key") ?? "").trim();
    const code = form.get("code");
    const refused = { status: 403, to: form.get("to") };
    if (code === null && !key.startsWith(API_KEY_MARK)) {
      return await signInForm(request, { problem: WRONG_KEY, ...refused });
    }
    const token =
      code === null
        ? await ctx.runMutation(internal.browserSessions.signInWithKey, {
            hash: await sha256(key),
            label,
          })
        : await ctx.runMutation(internal.browserSessions.signInWithLink, {
            hash: await sha256(code),
            label,
          });
    if (token === null) {
      const problem = code === null ? WRONG_KEY : WRONG_LINK;
      return await signInForm(request, { problem, ...refused });
    }
    const cookie = signedIn(request, token, COOKIE_MS);
    return redirect(ownPath(form.get("to")), { "Set-Cookie": cookie });
  },
);

/** Signs this browser out; its token stops working immediately. */
export const postSignOut: Endpoint = openPage(
  { method: "POST", path: "/sign-out" },
  async (ctx, { request }) => {
    const browser = await browserOf(request);
    if (browser?.kind === "browser") {
      await ctx.runMutation(internal.browserSessions.signOut, { hash: browser.hash });
    }
    return redirect("/", { "Set-Cookie": signedOut(request) });
  },
);

const BROWSERS = ["Edg", "OPR", "Firefox", "Chrome", "Safari"] as const;
const BROWSER_NAMES: { readonly [mark: string]: string } = { Edg: "Edge", OPR: "Opera" };
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"] as const;

/** A browser's name for its owner's list: `Firefox on Linux`. */
function browserLabel(agent: string): string {
  const browser = BROWSERS.find((mark) => agent.includes(`${mark}/`));
  const system = SYSTEMS.find((name) => agent.includes(name));
  const name = browser === undefined ? "A browser" : (BROWSER_NAMES[browser] ?? browser);
  return system === undefined ? name : `${name} on ${system === "Mac OS X" ? "macOS" : system}`;
}

function asset(path: `/${string}`, contentType: string, text: string): Endpoint {
  return openPage({ method: "GET", path, limit: "none" }, () =>
    Promise.resolve(
      new Response(text, {
        headers: {
          "Content-Type": contentType,
          "Cache-Control": "public, max-age=300",
          "X-Content-Type-Options": "nosniff",
          "Content-Security-Policy": "default-src 'none'",
        },
      }),
    ),
  );
}

export const script = asset("/assets/app.js", "text/javascript; charset=utf-8", PAGE_SCRIPT);
export const favicon = asset("/favicon.svg", "image/svg+xml; charset=utf-8", FAVICON);
/** Browsers request this name on their own; they take the type from the header. */
export const faviconIco = asset("/favicon.ico", "image/svg+xml; charset=utf-8", FAVICON);
