import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import type { SessionAnswer } from "../../wire/answers";
import { sessionView } from "../sessions/sessions";

/**
 * What a reviewer writes of a session at length. Apart from the session, because lists read session
 * rows by the hundred and show none of it.
 */

type Session = Pick<Doc<"sessions">, "_id" | "userId">;

/** The texts of a review; one that was not written is undefined. */
type ReviewTexts = Pick<Doc<"reviews">, "evalNotes" | "expectedOutput">;

/** What shall change of them; absent keeps, null and an empty text clear. */
type ReviewChanges = { [name in keyof ReviewTexts]?: string | null };

/** UTF-16 units; a review in any script stays under a fifth of what one document may hold. */
const MAX_LENGTH = { evalNotes: 10_000, expectedOutput: 50_000 } as const;

/** What was written of this session. */
export async function textsOf(ctx: QueryCtx, session: Session): Promise<ReviewTexts> {
  const review = await find(ctx, session);
  return { evalNotes: review?.evalNotes, expectedOutput: review?.expectedOutput };
}

/** A session for its owner, with what was written of it. */
export async function reviewedView(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  view: "session" | "dashboard",
): Promise<SessionAnswer> {
  return { ...sessionView(session, view), ...(await textsOf(ctx, session)) };
}

/** Stores what is new of a review; a review without words has no row. */
export async function save(
  ctx: MutationCtx,
  session: Session,
  changes: ReviewChanges,
): Promise<void> {
  if (changes.evalNotes === undefined && changes.expectedOutput === undefined) return;
  const stored = await find(ctx, session);
  const evalNotes = changed("evalNotes", stored, changes);
  const expectedOutput = changed("expectedOutput", stored, changes);
  if (evalNotes === stored?.evalNotes && expectedOutput === stored?.expectedOutput) return;
  if (stored === null) {
    const { userId, _id: sessionId } = session;
    await ctx.db.insert("reviews", { userId, sessionId, evalNotes, expectedOutput });
  } else if (evalNotes === undefined && expectedOutput === undefined) {
    await ctx.db.delete("reviews", stored._id);
  } else {
    await ctx.db.patch("reviews", stored._id, { evalNotes, expectedOutput });
  }
}

async function find(ctx: QueryCtx, session: Session): Promise<Doc<"reviews"> | null> {
  return await ctx.db
    .query("reviews")
    .withIndex("by_session", (q) => q.eq("sessionId", session._id))
    .unique();
}

function changed(
  name: keyof ReviewTexts,
  stored: ReviewTexts | null,
  changes: ReviewChanges,
): string | undefined {
  const text = changes[name];
  if (text === undefined) return stored?.[name];
  if (text === null || text === "") return undefined;
  const max = MAX_LENGTH[name];
  if (text.length > max) throw invalidField(name, `is longer than ${max} characters`);
  return text;
}
