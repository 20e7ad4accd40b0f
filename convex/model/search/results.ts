import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { FacetSession } from "../../lib/search/facets";
import type { Matcher } from "../../lib/search/matching";
import { makeSnippet } from "../../lib/search/snippet";
import { maskText } from "../../lib/secrets/scan";
import { UNTITLED } from "../../lib/sessions/titles";
import type { SearchResult } from "../../wire/search";
import type { User } from "../accounts/user";
import { sessionView, shownTitle } from "../sessions/sessions";
import { parentsOf } from "../sessions/tree";
import type { Candidate } from "./sources";

/** What a search answers: results as clients receive them, and what their facets count. */

/**
 * Results of one search, best first. `sessions` are all that it found, for the facets. `wanted` is how many
 * results are possible: the limit, or fewer if fewer sessions match the filters. `truncated` means that the
 * search hit its read budget before it found that many.
 */
export type SearchOutcome = {
  results: SearchResult[];
  sessions: FacetSession[];
  wanted: number;
  truncated: boolean;
};

type Shown = { matcher: Matcher; masks?: boolean };

/** Results as clients receive them, each with its session's parent. */
export async function toResults(
  ctx: QueryCtx,
  user: User,
  found: readonly Found[],
  shown: Shown,
): Promise<SearchResult[]> {
  const sessions = found.map(({ session }) => session);
  const parents = await parentsOf(ctx, user, sessions);
  return found.map((one) => {
    const parent = parents.get(one.session._id);
    return { ...toResult(one, shown), ...(parent === undefined ? {} : { parent }) };
  });
}

/** A session that was found, with its passage and its copies. */
export type Found = {
  session: Doc<"sessions">;
  passage: Pick<Candidate, "messageId" | "text">;
  score: number;
  matchedIn: SearchResult["matchedIn"][number];
  copies: Doc<"sessions">[];
};

/** A search result as clients receive it. */
function toResult(
  { session, passage, score, matchedIn, copies }: Found,
  { matcher, masks = false }: Shown,
): SearchResult {
  return {
    ...sessionView(session, "search"),
    sessionId: session._id,
    messageId: passage.messageId,
    title: shownTitle(session) ?? UNTITLED,
    project: session.projectName,
    // Masked before it is cut, because a secret that is cut in two would not be recognised.
    ...makeSnippet(matcher, masks ? maskText(passage.text) : passage.text),
    score,
    matchedIn: [matchedIn],
    ...(copies.length === 0 ? {} : { alsoIn: copies.map(copyView) }),
  };
}

function copyView(session: Doc<"sessions">) {
  const { _id: id, externalId, source, createdAt } = session;
  return { id, externalId, source, title: shownTitle(session) ?? UNTITLED, createdAt };
}

/** What facets count of a session. */
export function facetSession(session: Doc<"sessions">): FacetSession {
  const { _id: id, projectName: project, source, models, model } = session;
  return { id, project, source, models: models ?? (model === undefined ? [] : [model]) };
}
