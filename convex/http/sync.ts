import { internal } from "../_generated/api";
import { tooLarge } from "../errors";
import { MessageInput, SessionInput } from "../wire/sync";
import * as routes from "../wire/sync";
import type { Caller } from "./authenticate";
import { faultOf } from "../wire/fields";
import { store, type Item } from "./deliveries";
import { endpoint, zodDetails, type Endpoint } from "./endpoint";

export const syncSession: Endpoint = endpoint(
  routes.syncSession,
  async (ctx, { caller, body, line }) => {
    const sessions = [{ name: "session", value: body }];
    const stored = await store(ctx, caller, line, { sessions, messages: [] });
    if (stored.refused.length > 0) throw tooLarge("session");
    const { sessionId } = stored.sessions[0] ?? {};
    return { body: { ok: true, sessionId }, logged: stored.logged, limit: stored.limit };
  },
);

export const syncMessage: Endpoint = endpoint(
  routes.syncMessage,
  async (ctx, { caller, body, line }) => {
    const messages = [{ name: "message", value: body }];
    const stored = await store(ctx, caller, line, { sessions: [], messages });
    if (stored.refused.length > 0) throw tooLarge("message");
    const { messageId, sessionId } = stored.messages[0] ?? {};
    return { body: { ok: true, messageId, sessionId }, logged: stored.logged, limit: stored.limit };
  },
);

export const syncBatch: Endpoint = endpoint(
  routes.syncBatch,
  async (ctx, { caller, body, line }) => {
    const sessions = readItems("sessions", SessionInput, body.sessions ?? []);
    const messages = readItems("messages", MessageInput, body.messages ?? []);
    const stored = await store(ctx, caller, line, {
      sessions: sessions.items,
      messages: messages.items,
    });
    const refused = stored.refused.map((name) => tooLarge(name).data.message);
    return {
      body: {
        ok: true,
        sessions: stored.sessions.length,
        messages: stored.messages.length,
        errors: [...sessions.errors, ...messages.errors, ...refused],
        results: { sessions: tally(stored.sessions), messages: tally(stored.messages) },
      },
      logged: stored.logged,
      limit: stored.limit,
    };
  },
);

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

type Schema<T> = {
  safeParse: (
    value: unknown,
    words: { error: typeof faultOf },
  ) => { success: true; data: T } | { success: false; error: Parameters<typeof zodDetails>[0] };
};

/** Reads items one by one: one that can never be stored is named and hurts no neighbour. */
function readItems<T>(name: string, schema: Schema<T>, values: unknown[]) {
  const items: Item<T>[] = [];
  const errors: string[] = [];
  values.forEach((value, index) => {
    const item = `${name}[${index}]`;
    try {
      const result = schema.safeParse(value, { error: faultOf });
      if (result.success) items.push({ name: item, value: result.data });
      else errors.push(`${item}: ${problemsOf(result.error)}`);
    } catch (error) {
      console.error(`${item} could not be read`, error);
      errors.push(`${item}: cannot be stored`);
    }
  });
  return { items, errors };
}

function problemsOf(error: Parameters<typeof zodDetails>[0]): string {
  const problems = zodDetails(error).map(({ path, message }) => `${path} ${message}`.trim());
  return problems.join("; ");
}

function tally(results: readonly { outcome: "inserted" | "updated" | "skipped" }[]) {
  const counts = { inserted: 0, updated: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}
