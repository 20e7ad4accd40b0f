import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import { interpretMessage } from "../answers/conversation";
import type { ActionCtx } from "../_generated/server";
import { notFound, readAppError } from "../errors";
import { titleOf } from "../exports/common";
import {
  sharedDocument,
  type SharedForm,
  sharedJson,
  sharedMarkdown,
} from "../exports/sharedSession";
import { readCursor, writeCursor } from "../lib/cursor";
import { totalCount } from "../lib/secrets/counts";
import { countSecrets, maskForOthers } from "../lib/secrets/mask";
import { parseParts } from "../lib/sessions/parts";
import { PortionJoiner } from "../lib/sessions/portions";
import { writeConversation } from "../pages/conversation/write";
import { sharedPage } from "../pages/shared";
import * as routes from "../wire/share";
import { publicEndpoint, type Endpoint } from "./endpoint";
import { errorResponse, wantsPage } from "./pages/endpoint";
import { pageResponse, sharedPolicy } from "./pages/respond";

/**
 * Answers a shared session as a page, or as Markdown or JSON with `.md` or `.json` after the slug:
 * as much as fits one answer, with a link to the rest. The page runs no script, loads nothing, and
 * is excluded from search engines and frames.
 */
export const getShared: Endpoint = publicEndpoint(
  routes.getShared,
  async (ctx, { param, query, request, line }) => {
    try {
      const { slug, form } = split(param);
      const start = query.after === undefined ? FIRST_PAGE : readPageStart(query.after);
      const found = await ctx.runQuery(internal.shared.page, { slug, position: start.position });
      const page = { slug, param, start, after: query.after, found };
      return form === "page" ? await asPage(page) : await asDocument(ctx, page, form);
    } catch (error) {
      const known = readAppError(error);
      if (known === null || !wantsPage(request)) throw error;
      return await errorResponse(request, { ...known, requestId: line.requestId });
    }
  },
);

type FormName = "page" | "md" | "json";
type Found = FunctionReturnType<typeof internal.shared.page>;
type Page = {
  slug: string;
  param: string;
  start: PageStart;
  after: string | undefined;
  found: Found;
};

/** The address of the page after this many messages; undefined at the end. */
function nextOf({ param, start, found }: Page, shown: number): string | undefined {
  const rest = found.messages.length - start.skip;
  if (shown < rest) return address(param, { ...start, skip: start.skip + shown });
  return found.next === null ? undefined : address(param, { position: found.next, skip: 0 });
}

async function asPage(page: Page): Promise<Response> {
  const { slug, start, after, found } = page;
  const from = found.from + start.skip;
  const whole = found.messages
    .slice(start.skip)
    .map((message, index) => interpretMessage({ ...message, id: String(from + index + 1) }));
  const messages = maskForOthers(whole);
  const head = maskForOthers(found.head);
  const { content, shown } = writeConversation(messages, { hasNumbers: false });
  const next = nextOf(page, shown);
  const left = head.messageCount - from - shown;
  const isCounted = !found.isCounting && left > 0;
  const here = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
  const policy = await sharedPolicy();
  const body = sharedPage(
    { policy },
    {
      title: titleOf(head),
      source: head.source,
      model: head.model,
      createdAt: head.createdAt,
      conversation: content,
      ...(next === undefined ? {} : { rest: { next, ...(isCounted ? { messages: left } : {}) } }),
      links: { markdown: `${slug}.md${here}`, json: `${slug}.json${here}` },
      masked: secretsIn(whole.slice(0, shown)),
    },
  );
  return pageResponse(body, policy, { headers: { ...PRIVACY, ...linkTo(next) } });
}

/** Equal secrets of one message count once, as in what sharing a session answers. */
const secretsIn = (messages: readonly object[]) =>
  messages.reduce((sum, message) => sum + totalCount(countSecrets(message)), 0);

const DOCUMENTS: { readonly [form in "md" | "json"]: { form: SharedForm; contentType: string } } = {
  md: { form: sharedMarkdown, contentType: "text/markdown; charset=utf-8" },
  json: { form: sharedJson, contentType: "application/json; charset=utf-8" },
};

async function asDocument(ctx: ActionCtx, page: Page, name: "md" | "json"): Promise<Response> {
  const { start, found } = page;
  const { form, contentType } = DOCUMENTS[name];
  const messages = (await joined(ctx, page))
    .slice(start.skip)
    .map((one) => ({ ...one, parts: parseParts(one.parts) }));
  const session = {
    ...maskForOthers(found.head),
    messages: maskForOthers(messages),
    from: found.from + start.skip,
    isCounting: found.isCounting,
    isLast: found.next === null,
  };
  const written = sharedDocument(form, session, (shown) => nextOf(page, shown));
  return new Response(written.text, {
    headers: {
      "Content-Type": contentType,
      "X-Content-Type-Options": "nosniff",
      "X-Robots-Tag": "noindex, nofollow",
      "Cache-Control": "no-store",
      ...PRIVACY,
      ...linkTo(written.next),
    },
  });
}

/** The messages of a page; a long one is read in portions. */
async function joined(ctx: ActionCtx, { slug, found }: Page): Promise<Found["messages"]> {
  const [first] = found.messages;
  if (first === undefined || found.rest === null) return found.messages;
  const joiner = new PortionJoiner();
  joiner.add(first);
  for (let position: string | null = found.rest; position !== null;) {
    const more: Found = await ctx.runQuery(internal.shared.page, { slug, position });
    for (const portion of more.messages) joiner.add(portion);
    position = more.rest;
  }
  const { textContent, parts } = joiner.end();
  const { restBytes: _, ...fields } = first;
  return [{ ...fields, parts, ...(textContent === undefined ? {} : { textContent }) }];
}

/** The address is the only secret of a shared session, so linked sites must not receive it. */
const PRIVACY = { "Referrer-Policy": "no-referrer" };

const linkTo = (next: string | undefined): Record<string, string> =>
  next === undefined ? {} : { Link: `<${next}>; rel="next"` };

/** The start of a page: a position in the database, and how many messages to skip from there. */
type PageStart = { position: string | null; skip: number };
const FIRST_PAGE: PageStart = { position: null, skip: 0 };

function address(param: string, { position, skip }: PageStart): string {
  return `${param}?after=${encodeURIComponent(writeCursor([position ?? "", skip]))}`;
}

function readPageStart(after: string): PageStart {
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
