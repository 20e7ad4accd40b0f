import { internal } from "../../_generated/api";
import type { ActionCtx } from "../../_generated/server";
import { conversationPage } from "../../answers/conversation";
import { notFound } from "../../errors";
import { totalCount } from "../../lib/secrets/counts";
import { maskSecrets } from "../../lib/secrets/mask";
import { maskText } from "../../lib/secrets/scan";
import { formats } from "../../exports";
import { DAY_MS } from "../../lib/time";
import { continuationOf } from "../../pages/conversation/continuation";
import { writeConversation } from "../../pages/conversation/write";
import { address, sessionPath } from "../../pages/components";
import { sessionPage } from "../../pages/session";
import { patchSession } from "../../wire/evals";
import type { Caller } from "../authenticate";
import { readText } from "../body";
import type { Endpoint } from "../endpoint";
import { parse, readQuery } from "../input";
import { exportAnswer, exportRoute } from "../export";
import { json } from "../respond";
import { ownerPage, type Visit } from "./endpoint";
import { pagePolicy, pageResponse, redirect } from "./respond";
import { type Edits, editsOf, titleHashOf } from "./sessionForm";

const NOTICES: ReadonlyMap<string, string> = new Map([
  ["saved", "Saved."],
  ["shared", "Anyone with the link of the shared page can read this session now."],
  ["unshared", "The session is private again. The old link no longer works."],
]);

/** A page of a session: from the start, from a cursor, or from a message. */
export const getSessionPage: Endpoint = ownerPage(
  { method: "GET", path: "/sessions/:id" },
  async (ctx, { caller, param, query }) => {
    const cursor = query.get("cursor") ?? undefined;
    const messageId = query.get("message") ?? undefined;
    const isFirst = cursor === undefined && messageId === undefined;
    const found = await conversationPage(ctx, caller, param, { cursor, messageId });
    const prompts = isFirst
      ? await ctx.runQuery(internal.sessions.prompts, { caller, id: param })
      : undefined;
    // A page is also looked over a shoulder; the API answers the owner with the text as it was sent.
    const messages = maskSecrets(found.messages);
    const { content, shown } = writeConversation(messages, { hasNumbers: true });
    const isCut = shown < found.messages.length || found.hasMore;
    const policy = await pagePolicy();
    const body = sessionPage(
      { policy, viewer: { kind: "owner" } },
      {
        session: maskSecrets(found.session),
        stored: found.session,
        titleHash: await titleHashOf(found.session.title),
        conversation: content,
        relatives: maskSecrets(found.relatives),
        prompts: maskSecrets(prompts),
        next: isCut ? (found.cursors[shown - 1] ?? null) : null,
        isFirst,
        continuation: maskText(continuationOf(found.session, messages)),
        formats: Object.keys(formats),
        notice: noticeOf(query, found.session.isPublic),
      },
    );
    return pageResponse(body, policy);
  },
);

/** What the last change did; nothing if it no longer holds, as after going back. */
function noticeOf(query: URLSearchParams, isPublic: boolean): string | undefined {
  const done = query.get("done") ?? "";
  if (isPublic ? done === "unshared" : done === "shared") return undefined;
  const notice = NOTICES.get(done);
  const masked = Number(query.get("masked") ?? 0);
  if (notice === undefined || !(masked > 0)) return notice;
  return `${notice} ${masked} ${masked === 1 ? "secret is" : "secrets are"} masked there.`;
}

/** A change of a session, submitted by its owner with a form. */
export const postSessionPage: Endpoint = ownerPage(
  { method: "POST", path: "/sessions/:id" },
  async (ctx, visit) => {
    const form = new URLSearchParams(await readText(visit.request));
    switch (form.get("action")) {
      case "share":
        return await edit(ctx, visit, { isPublic: true, expires: expiresOf(form) }, "shared");
      case "unshare":
        return await edit(ctx, visit, { isPublic: false }, "unshared");
      case "edit":
        return await edit(
          ctx,
          visit,
          await editsOf(form, await storedSession(ctx, visit)),
          "saved",
        );
      case "delete":
        await ctx.runMutation(internal.evals.deleteSession, {
          caller: visit.caller,
          id: visit.param,
        });
        return redirect("/");
      default:
        throw notFound("Action");
    }
  },
);

/** The session as its form was filled from it. */
async function storedSession(ctx: ActionCtx, { caller, param: id }: Visit<Caller>) {
  const { session } = await ctx.runQuery(internal.sessions.getWithMessages, {
    ...{ caller, id, limit: 1 },
  });
  return session;
}

async function edit(
  ctx: ActionCtx,
  { caller, param: id }: Visit<Caller>,
  changes: Edits,
  done: string,
): Promise<Response> {
  const edits = parse(patchSession.body, changes);
  const session = await ctx.runMutation(internal.evals.patchSession, {
    caller,
    id,
    edits: edits ?? {},
  });
  const masked = done === "shared" ? String(totalCount(session.secrets)) : undefined;
  return redirect(address(sessionPath(session.id), { done, masked }));
}

/** When the link is to stop working, as the form names it; null for a link without an end. */
function expiresOf(form: URLSearchParams): number | null {
  const days = Number(form.get("days") ?? "");
  return days > 0 ? Math.floor(Date.now() + days * DAY_MS) : null;
}

/** Downloads an export of one session, or of everything. */
export const download: Endpoint = ownerPage(
  { method: "GET", path: "/download", limit: "export" },
  async (ctx, { caller, query, request }) => {
    const parsed = readQuery(exportRoute, query);
    return await exportAnswer(ctx, { caller, query: parsed, request });
  },
);

/** The current number of messages of a session, for the page that shows it. */
export const liveCount: Endpoint = ownerPage(
  { method: "GET", path: "/live" },
  async (ctx, { caller, query }) => {
    const id = query.get("id") ?? "";
    const messages = await ctx.runQuery(internal.sessions.messageCount, { caller, id });
    return json(200, { messages }, { "Cache-Control": "no-store" });
  },
);
