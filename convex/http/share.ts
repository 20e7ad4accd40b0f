import { internal } from "../_generated/api";
import { notFound } from "../errors";
import { sharedDocument, type SharedForm, sharedJson, sharedMarkdown } from "../exports/shared";
import { readCursor, writeCursor } from "../lib/cursor";
import { sha256Base64 } from "../lib/hash";
import { maskSecrets } from "../lib/secrets/mask";
import { parseParts } from "../lib/sessions/parts";
import { sharedPage } from "../pages/sharedPage";
import { SHARED_STYLE } from "../pages/sharedStyle";
import * as routes from "../wire/share";
import { publicEndpoint, type Endpoint } from "./endpoint";

/**
 * A shared session, as a page or, with `.md` or `.json` after the slug, as that: as much of it as one
 * answer shows, and where it goes on. The page runs no script, loads nothing and is kept out of
 * search engines and frames.
 */
export const getShared: Endpoint = publicEndpoint(
  routes.getShared,
  async (ctx, { param, query }) => {
    const { slug, form } = split(param);
    const place = query.after === undefined ? BEGINNING : readPlace(query.after);
    const { head, messages, from, isCounting, next } = await ctx.runQuery(internal.shared.page, {
      slug,
      position: place.position,
    });
    const rest = messages.slice(place.skip);
    const session = {
      ...maskSecrets(head),
      messages: maskSecrets(rest.map((one) => ({ ...one, parts: parseParts(one.parts) }))),
      from: from + place.skip,
      isCounting,
      isLast: next === null,
    };
    const policy = await pagePolicy();
    const shape = formOf(form, { slug, after: query.after, policy });
    const written = sharedDocument(shape, session, (shown) => {
      if (shown < rest.length) return address(param, { ...place, skip: place.skip + shown });
      return next === null ? undefined : address(param, { position: next, skip: 0 });
    });
    return new Response(written.text, { headers: headersOf(form, written, policy) });
  },
);

type FormName = "page" | "md" | "json";

type Shape = { slug: string; after: string | undefined; policy: string };

function formOf(form: FormName, { slug, after, policy }: Shape): SharedForm {
  if (form === "md") return sharedMarkdown;
  if (form === "json") return sharedJson;
  const here = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
  return sharedPage({ markdown: `${slug}.md${here}`, json: `${slug}.json${here}`, policy });
}

const CONTENT_TYPES: { readonly [form in FormName]: string } = {
  page: "text/html; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  json: "application/json; charset=utf-8",
};

/** What the page may load: its own style, by hash, and nothing else. Header and `<meta>` both say it. */
async function pagePolicy(): Promise<string> {
  const hash = await sha256Base64(SHARED_STYLE);
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function headersOf(
  form: FormName,
  { next }: { next?: string },
  policy: string,
): Record<string, string> {
  return {
    "Content-Type": CONTENT_TYPES[form],
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    // Unsharing shall be seen at once.
    "Cache-Control": "no-store",
    ...(next === undefined ? {} : { Link: `<${next}>; rel="next"` }),
    ...(form === "page" ? { "Content-Security-Policy": `${policy}; frame-ancestors 'none'` } : {}),
  };
}

/** Where a page begins: a position of the database's, and how many messages behind it. */
type Place = { position: string | null; skip: number };
const BEGINNING: Place = { position: null, skip: 0 };

function address(param: string, { position, skip }: Place): string {
  return `${param}?after=${encodeURIComponent(writeCursor([position ?? "", skip]))}`;
}

function readPlace(after: string): Place {
  const values = readCursor(after, ["string", "number"]);
  if (values === undefined) throw notFound("Page");
  const [position, skip] = values;
  return { position: position === "" ? null : position, skip };
}

function split(param: string): { slug: string; form: FormName } {
  const match = /^([A-Za-z0-9_-]+)(?:\.(md|json))?$/.exec(param);
  const slug = match?.[1];
  if (slug === undefined) throw notFound("Shared session");
  return { slug, form: match?.[2] === "md" ? "md" : match?.[2] === "json" ? "json" : "page" };
}
