import type { QueryCtx } from "../../_generated/server";
import type { SessionSort } from "../../lib/enums";
import { keysOf, pick, record } from "../../lib/record";
import { SessionAnswer } from "../../wire/answers";
import type { User } from "../accounts/user";
import { type ListOptions, listPage } from "./listPages";
import { sessionView } from "./sessions";
import { sortedPage } from "./sortedPages";

/** A page of a list as its owner sees it. */
type Page = { sessions: SessionAnswer[]; cursor: string | null };

/** Reads a page of the user's sessions that match, in an order. */
export async function page(
  ctx: QueryCtx,
  user: User,
  { sort = "created", ...options }: ListOptions & { sort?: SessionSort },
): Promise<Page> {
  const { sessions, cursor } =
    sort === "created"
      ? await listPage(ctx, user, options)
      : await sortedPage(ctx, user, { ...options, sort });
  return { sessions: sessions.map((session) => sessionView(session, "list")), cursor };
}

/** Every field without its value, in the order in which a deployment answers the fields of a value. */
const FIELDS_IN_ORDER = record(keysOf(SessionAnswer.shape).sort(), () => undefined);

/** A page as JSON text, with only these fields of its sessions if any are named. */
export function json({ sessions, cursor }: Page, fields?: readonly string[]): string {
  const shown = sessions.map((session: { [name: string]: unknown }) =>
    // A field that is set again keeps its place, and JSON leaves out what is undefined.
    fields === undefined ? { ...FIELDS_IN_ORDER, ...session } : pick(session, fields),
  );
  return JSON.stringify({ sessions: shown, cursor });
}
