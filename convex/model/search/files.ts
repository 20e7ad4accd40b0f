import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { filesOfCall, type FileUse, isSameFile } from "../../lib/sessions/callFiles";
import { parseParts, readPart } from "../../lib/sessions/parts";
import { joinRows } from "../../lib/sessions/partRows";
import { matcherOf } from "../../lib/search/matching";
import { prepareQuery } from "../../lib/search/query";
import type { User } from "../accounts/user";
import { type ReadBudget, withShare } from "../readBudget";
import { firstRows } from "../sessions/parts";
import { shownTitle } from "../sessions/sessions";
import { readCandidates, Sessions } from "./candidates";
import type { Filters } from "./filters";

/** Which sessions worked on a file, from the tool calls of messages that full text finds by its path. */

/** Messages whose calls are looked at, and what that reads in all. */
const MESSAGES_MAX = 60;
const FILES_BUDGET: Readonly<ReadBudget> = { rows: 600, bytes: 2 * 1024 * 1024 };
/** Parts of a message that are looked at. */
const MESSAGE_ROWS = 40;

/** A message that names the file: in a tool call, or (`mentioned`) in words. */
type Mention = { messageId: Id<"messages">; use: FileUse | "mentioned"; tool?: string };

/** A session with its messages that name the file. */
export type FileSession = {
  sessionId: Id<"sessions">;
  title?: string;
  project?: string;
  source: string;
  createdAt: number;
  mentions: Mention[];
};

/** Sessions in which the file was changed come first, then those that read it, each newest first. */
const RANK: { readonly [use in Mention["use"]]: number } = {
  changed: 0,
  read: 1,
  used: 2,
  mentioned: 3,
};

/**
 * The sessions that name a file. Bounded by what one search reads: of a path that everything names,
 * only the best candidates are seen.
 */
export async function sessionsForFile(
  ctx: QueryCtx,
  user: User,
  { path, limit, filters }: { path: string; limit: number; filters: Filters },
): Promise<{ sessions: FileSession[]; hasMore: boolean }> {
  const sessions = new Sessions(ctx, user);
  const matcher = matcherOf(prepareQuery(queryOf(path)));
  const { candidates, hasMore } = await readCandidates({ matcher, filters, sessions });
  const messageIds = new Set(candidates.flatMap(({ messageId }) => messageId ?? []));
  const found = new Map<Id<"sessions">, Mention[]>();
  const budget = { ...FILES_BUDGET };
  for (const messageId of Array.from(messageIds).slice(0, MESSAGES_MAX)) {
    const message = await ctx.db.get("messages", messageId);
    const mention = message && (await mentionIn(ctx, message, path, budget));
    if (message === null || mention === undefined || mention === null) continue;
    found.set(message.sessionId, [...(found.get(message.sessionId) ?? []), mention]);
  }
  const shown: FileSession[] = [];
  for (const [sessionId, mentions] of found) {
    const session = await sessions.get(sessionId);
    if (session !== null) shown.push(fileSession(session, mentions));
  }
  return { sessions: shown.sort(byUse).slice(0, limit), hasMore: hasMore || shown.length > limit };
}

/** The last folder and the name: what a tool was told may be absolute, or relative to another folder. */
function queryOf(path: string): string {
  return path
    .replace(/\\/g, "/")
    .split("/")
    .filter((part) => part !== "")
    .slice(-2)
    .join("/");
}

async function mentionIn(
  ctx: QueryCtx,
  message: Doc<"messages">,
  path: string,
  budget: ReadBudget,
): Promise<Mention | undefined> {
  const rows = await withShare(budget, { rows: MESSAGE_ROWS }, (own) =>
    firstRows(ctx, message, own),
  );
  const { parts } = joinRows(rows);
  const calls = parseParts(parts)
    .flatMap(readPart)
    .flatMap((part) => {
      if (part.kind !== "tool-call") return [];
      const files = filesOfCall(part.name, part.args).filter((file) => isSameFile(file.path, path));
      return files.map(({ use }) => ({ messageId: message._id, use, tool: part.name }));
    });
  const [best] = calls.sort((a, b) => RANK[a.use] - RANK[b.use]);
  if (best !== undefined) return best;
  const text = [message.textContent ?? "", ...parts.map(({ content }) => content)].join("\n");
  const isNamed = text.replace(/\\+/g, "/").includes(queryOf(path));
  return isNamed ? { messageId: message._id, use: "mentioned" } : undefined;
}

function fileSession(session: Doc<"sessions">, mentions: Mention[]): FileSession {
  return {
    sessionId: session._id,
    title: shownTitle(session),
    project: session.projectName,
    source: session.source,
    createdAt: session.createdAt,
    mentions: mentions.sort((a, b) => RANK[a.use] - RANK[b.use]),
  };
}

function byUse(a: FileSession, b: FileSession): number {
  const rank = ({ mentions: [first] }: FileSession) => RANK[first?.use ?? "mentioned"];
  return rank(a) - rank(b) || b.createdAt - a.createdAt;
}
