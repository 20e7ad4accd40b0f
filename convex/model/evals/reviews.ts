import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import type { SessionAnswer } from "../../wire/answers";
import { sessionView } from "../sessions/sessions";

/**
 * The longer texts of a review. They are stored apart from the session, because lists read session rows by
 * the hundred and do not show them.
 */

type Session = Pick<Doc<"sessions">, "_id" | "userId">;

/** The texts of a review; undefined if not written. */
type ReviewTexts = Pick<Doc<"reviews">, "evalNotes" | "expectedOutput">;

/** Changes to the texts. Absent keeps a text; null or an empty text clears it. */
type ReviewChanges = { [name in keyof ReviewTexts]?: string | null };

/** In UTF-16 code units. A review in any script stays under a fifth of the largest document. */
const MAX_LENGTH = { evalNotes: 10_000, expectedOutput: 50_000 } as const;

/** Returns the review texts of this session. */
export async function textsOf(ctx: QueryCtx, session: Session): Promise<ReviewTexts> {
  const review = await find(ctx, session);
  return { evalNotes: review?.evalNotes, expectedOutput: review?.expectedOutput };
}

/** Returns a session as its owner sees it, with its review texts. */
export async function reviewedView(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  view: "session" | "dashboard",
): Promise<SessionAnswer> {
  return { ...sessionView(session, view), ...(await textsOf(ctx, session)) };
}

/** Stores changes to a review, and returns whether there were any; a review without texts has no row. */
export async function save(
  ctx: MutationCtx,
  session: Session,
  changes: ReviewChanges,
): Promise<boolean> {
  if (changes.evalNotes === undefined && changes.expectedOutput === undefined) return false;
  const stored = await find(ctx, session);
  const evalNotes = changed("evalNotes", stored, changes);
  const expectedOutput = changed("expectedOutput", stored, changes);
  if (evalNotes === stored?.evalNotes && expectedOutput === stored?.expectedOutput) return false;
  if (stored === null) {
    const { userId, _id: sessionId } = session;
    await ctx.db.insert("reviews", { userId, sessionId, evalNotes, expectedOutput });
  } else if (evalNotes === undefined && expectedOutput === undefined) {
    await ctx.db.delete("reviews", stored._id);
  } else {
    await ctx.db.patch("reviews", stored._id, { evalNotes, expectedOutput });
  }
  return true;
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
