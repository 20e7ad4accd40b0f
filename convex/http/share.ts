import { internal } from "../_generated/api";
import { notFound } from "../errors";
import { sharedJson, sharedMarkdown, sharedPage } from "../exports/shared";
import { SHARED_STYLE } from "../exports/sharedStyle";
import type { ExportSession } from "../exports/types";
import { parseParts } from "../lib/parts";
import { sha256Base64 } from "../lib/hash";
import * as routes from "../wire/share";
import { publicEndpoint, type Endpoint } from "./endpoint";

/**
 * A shared session, as a page or, with `.md` or `.json` after the slug, as that. The page runs no
 * script, loads nothing and is kept out of search engines and frames.
 */
export const getShared: Endpoint = publicEndpoint(
  routes.getShared,
  async (ctx, { param, query }) => {
    const { slug, form } = split(param);
    const { head, messages, from, isLast, next } = await ctx.runQuery(internal.shared.page, {
      slug,
      after: query.after ?? null,
    });
    const session: ExportSession = {
      ...head,
      messages: messages.map((one) => ({ ...one, parts: parseParts(one.parts) })),
      from,
      isLast,
    };
    return await FORMS[form](session, { slug, after: query.after, next: next ?? undefined });
  },
);

type Place = { slug: string; after: string | undefined; next: string | undefined };
type Form = (session: ExportSession, place: Place) => Promise<Response> | Response;

const FORMS: { readonly [form in "page" | "md" | "json"]: Form } = {
  page: async (session, { slug, after, next }) => {
    const here = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
    const html = sharedPage(session, {
      markdown: `${slug}.md${here}`,
      json: `${slug}.json${here}`,
      ...(next === undefined ? {} : { next: `${slug}?after=${encodeURIComponent(next)}` }),
    });
    return answer(html, "text/html; charset=utf-8", next, {
      "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${await sha256Base64(SHARED_STYLE)}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    });
  },
  md: (session, { next }) => answer(sharedMarkdown(session), "text/markdown; charset=utf-8", next),
  json: (session, { next }) => answer(sharedJson(session), "application/json; charset=utf-8", next),
};

function answer(
  body: string,
  contentType: string,
  next: string | undefined,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    headers: {
      "Content-Type": contentType,
      "X-Content-Type-Options": "nosniff",
      "X-Robots-Tag": "noindex, nofollow",
      "Referrer-Policy": "no-referrer",
      // Unsharing shall be seen at once.
      "Cache-Control": "no-store",
      ...(next === undefined ? {} : { Link: `<?after=${encodeURIComponent(next)}>; rel="next"` }),
      ...headers,
    },
  });
}

function split(param: string): { slug: string; form: "page" | "md" | "json" } {
  const match = /^([A-Za-z0-9_-]+)(?:\.(md|json))?$/.exec(param);
  const slug = match?.[1];
  if (slug === undefined) throw notFound("Shared session");
  return { slug, form: match?.[2] === "md" ? "md" : match?.[2] === "json" ? "json" : "page" };
}
