import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { sessionFilter, vRole } from "../../fields";
import { isFiltering, matchesFilter } from "../../lib/sessions/filter";

/** What narrows a search: the filter of sessions, and the role of the message. Absent means any. */
export const vFilters = v.object({ ...sessionFilter, role: v.optional(vRole) });
export type Filters = Infer<typeof vFilters>;

/** Whether a session passes the filters that belong to sessions. */
export const passes: (session: Doc<"sessions">, filters: Filters) => boolean = matchesFilter;

/** Whether any filter asks about the session; without one, no session is read to choose candidates. */
export function asksAboutSessions(filters: Filters): boolean {
  return isFiltering({ ...filters, role: undefined });
}

/** Whether a message passes the filter that belongs to messages. */
export async function isSaidBy(
  ctx: QueryCtx,
  id: Id<"messages">,
  { role }: Filters,
): Promise<boolean> {
  return role === undefined || (await ctx.db.get("messages", id))?.role === role;
}

/**
 * Whether the role of the filter speaks in an embedded text, which begins with this message: a prompt's
 * text holds the answers to it too.
 */
export async function isHeardIn(
  ctx: QueryCtx,
  id: Id<"messages">,
  text: string,
  { role }: Filters,
): Promise<boolean> {
  if (role === undefined) return true;
  const first = await ctx.db.get("messages", id);
  if (first === null || first.role === role) return first !== null;
  const isPrompt = first.role === "user" && role === "assistant";
  return isPrompt && text.trim().length > (first.textContent ?? "").trim().length;
}
