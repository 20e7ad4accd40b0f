import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { sessionFilter, vRole } from "../../fields";
import { isFiltering, matchesFilter } from "../../lib/sessions/filter";

/** Filters of a search: those of sessions, and the role of the message. Absent means any. */
export const vFilters = v.object({ ...sessionFilter, role: v.optional(vRole) });
export type Filters = Infer<typeof vFilters>;

/** Whether a session matches the session filters. */
export const matchesSessionFilter: (session: Doc<"sessions">, filters: Filters) => boolean =
  matchesFilter;

/** Whether any session filter is set; without one, choosing candidates reads no session. */
export function filtersSessions(filters: Filters): boolean {
  return isFiltering({ ...filters, role: undefined });
}

/** Whether a message has the role of the filter. */
export async function hasRole(
  ctx: QueryCtx,
  id: Id<"messages">,
  { role }: Filters,
): Promise<boolean> {
  return role === undefined || (await ctx.db.get("messages", id))?.role === role;
}

/**
 * Whether an embedded text that begins with this message contains text of the filter's role. The text of
 * a prompt also contains the answers to it.
 */
export async function embeddedTextHasRole(
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
