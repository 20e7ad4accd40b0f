import { internal } from "../_generated/api";
import { tooLarge } from "../errors";
import * as routes from "../wire/sync";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { BatchItems, onlyItem } from "./syncItems";
import { storeItems, type Tally } from "./syncSlices";

export const syncSession: Endpoint = endpoint(
  routes.syncSession,
  async (ctx, { caller, body, line }) => {
    const item = { kind: "session" as const, name: "session", value: body };
    const stored = await storeItems(ctx, caller, line, onlyItem(item));
    if (stored.refused.length > 0) throw tooLarge("session");
    const { sessionId = body.externalId, outcome } = stored.last;
    const answer = { ok: true, sessionId, ...deletedMark(outcome) };
    return { body: answer, logged: stored.logged, limit: stored.limit };
  },
);

export const syncMessage: Endpoint = endpoint(
  routes.syncMessage,
  async (ctx, { caller, body, line }) => {
    const item = { kind: "message" as const, name: "message", value: body };
    const stored = await storeItems(ctx, caller, line, onlyItem(item));
    if (stored.refused.length > 0) throw tooLarge("message");
    const {
      messageId = body.externalId,
      sessionId = body.sessionExternalId,
      outcome,
    } = stored.last;
    const answer = { ok: true, messageId, sessionId, ...deletedMark(outcome) };
    return { body: answer, logged: stored.logged, limit: stored.limit };
  },
);

export const syncBatch: Endpoint = endpoint(
  routes.syncBatch,
  async (ctx, { caller, body, line }) => {
    const items = new BatchItems(body.sessions, body.messages);
    const stored = await storeItems(ctx, caller, line, items);
    const refused = stored.refused.map((name) => tooLarge(name).data.message);
    return {
      body: {
        ok: true,
        sessions: total(stored.sessions),
        messages: total(stored.messages),
        errors: [...items.errors, ...refused],
        results: { sessions: stored.sessions, messages: stored.messages },
      },
      logged: stored.logged,
      limit: stored.limit,
    };
  },
);

/**
 * Marks the answer for a deleted session. Its status is 200, because plugins would resend a
 * rejected item for ever.
 */
const deletedMark = (outcome?: string) => (outcome === "deleted" ? { deleted: true } : {});

const total = ({ inserted, updated, skipped }: Tally) => inserted + updated + skipped;

export const listExternalIds: Endpoint = endpoint(
  routes.listExternalIds,
  async (ctx, { caller }) => {
    const sessionIds: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const args: { caller: Caller; after: string } = { caller, after };
      const page = await ctx.runQuery(internal.sessions.externalIdPage, args);
      sessionIds.push(...page.externalIds);
      after = page.next;
    }
    return { body: { sessionIds } };
  },
);
