import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import { AppError, invalidField, tooLarge } from "../errors";
import { readCursor, writeCursor } from "../lib/cursor";
import * as routes from "../wire/syncRoutes";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { refuseWarnings } from "./input";
import { linkTo } from "./respond";
import { BatchItems, onlyItem } from "./syncItems";
import { storeItems, type Tally } from "./syncSlices";

export const syncSession: Endpoint = endpoint(
  routes.syncSession,
  async (ctx, { caller, body, line, warnings, isStrict }) => {
    const item = { kind: "session" as const, name: "session", value: body };
    const stored = await storeItems(ctx, caller, line, onlyItem(item));
    if (stored.refused.length > 0) throw tooLarge("session");
    const { sessionId = body.externalId, outcome } = stored.last;
    const answer = { ok: true, sessionId, ...deletedMark(outcome), ...listed({ warnings }) };
    return { body: answer, headers: applied(isStrict), logged: stored.logged, limit: stored.limit };
  },
);

export const syncMessage: Endpoint = endpoint(
  routes.syncMessage,
  async (ctx, { caller, body, line, warnings, isStrict }) => {
    const item = { kind: "message" as const, name: "message", value: body };
    const stored = await storeItems(ctx, caller, line, onlyItem(item));
    if (stored.refused.length > 0) throw tooLarge("message");
    const {
      messageId = body.externalId,
      sessionId = body.sessionExternalId,
      outcome,
    } = stored.last;
    const ids = { messageId, sessionId };
    const lists = listed({ secrets: stored.secrets, warnings });
    const answer = { ok: true, ...ids, ...deletedMark(outcome), ...lists };
    return { body: answer, headers: applied(isStrict), logged: stored.logged, limit: stored.limit };
  },
);

export const syncBatch: Endpoint = endpoint(
  routes.syncBatch,
  async (ctx, { caller, body, line, isStrict }) => {
    if (isStrict) requireFaultless(new BatchItems(body).readAll());
    const items = new BatchItems(body);
    const stored = await storeItems(ctx, caller, line, items);
    for (const refused of stored.refused) items.refuse(refused);
    const { failures, warnings } = items;
    return {
      headers: applied(isStrict),
      body: {
        ok: true,
        sessions: total(stored.sessions),
        messages: total(stored.messages),
        errors: items.errors,
        results: { sessions: stored.sessions, messages: stored.messages },
        ...listed({ secrets: stored.secrets, failures, warnings }),
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

/** Lists with items; empty ones are left out, because older clients do not know them. */
function listed<Lists extends { [name: string]: readonly unknown[] }>(lists: Lists) {
  return Object.fromEntries(Object.entries(lists).filter(([, items]) => items.length > 0));
}

const applied = (isStrict: boolean) => ({
  ...(isStrict ? { "Preference-Applied": "handling=strict" } : {}),
});

/** Throws if an item would be refused or one of its fields ignored. Nothing has been stored yet. */
function requireFaultless({ failures, warnings }: BatchItems): void {
  const faults = failures.flatMap(({ list, index, details }) =>
    details.map(({ path, message }) => ({
      path: [list, index, ...(path === "" ? [] : [path])].join("."),
      message,
    })),
  );
  if (faults.length > 0) throw new AppError("INVALID_REQUEST", REFUSED, { details: faults });
  refuseWarnings(warnings);
}

const REFUSED = "Nothing was stored, because some items are invalid";

const total = ({ inserted, updated, skipped }: Tally) => inserted + updated + skipped;

/**
 * Lists all sessions that plugins sent, as older clients expect, or a page of them if `limit` or `cursor` is
 * given.
 */
export const listExternalIds: Endpoint = endpoint(
  routes.listExternalIds,
  async (ctx, { caller, query, request }) => {
    const { limit, cursor, source, detail } = query;
    const isPaged = limit !== undefined || cursor !== undefined;
    const sessions: Announced[] = [];
    let after: string | null = cursor === undefined ? "" : readPlace(cursor);
    do {
      const args: { caller: Caller; after: string } = { caller, after };
      const page: { sessions: Announced[]; next: string | null } = await ctx.runQuery(
        internal.sessions.announcedPage,
        { ...args, source, limit },
      );
      sessions.push(...page.sessions);
      after = page.next;
    } while (!isPaged && after !== null);
    const next = after === null ? null : writeCursor([after]);
    return {
      body: {
        sessionIds: sessions.map(({ externalId }) => externalId),
        ...(detail ? { sessions } : {}),
        ...(isPaged ? { cursor: next } : {}),
      },
      headers: linkTo(request, ["cursor"], next),
    };
  },
);

type Announced = FunctionReturnType<typeof internal.sessions.announcedPage>["sessions"][number];

function readPlace(cursor: string): string {
  const [after] = readCursor(cursor, ["string"]) ?? [];
  if (after !== undefined) return after;
  throw invalidField("cursor", "is not a cursor of this list");
}
