import type { Doc } from "../../_generated/dataModel";
import { shownTitle } from "../sessions/sessions";

/** Views of sessions under evaluation, as the dashboard's pages read them. Pure. */

/** A session in a list of evaluations. Missing values are absent, never null. */
export function evalView(session: Doc<"sessions">) {
  return {
    _id: session._id,
    externalId: session.externalId,
    title: shownTitle(session),
    source: session.source,
    model: session.model,
    projectName: session.projectName,
    messageCount: session.messageCount,
    totalTokens: session.totalTokens ?? 0,
    cost: session.cost ?? 0,
    evalReady: session.evalReady ?? false,
    evalStatus: session.evalStatus,
    evalTags: session.evalTags,
    reviewedAt: session.reviewedAt,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
  };
}

/** Counts over a list. Each message counts as a test case, as the dashboard has always shown it. */
export function evalStats(sessions: readonly Doc<"sessions">[]) {
  const from = (source: string) => sessions.filter((one) => one.source === source).length;
  const judged = (status: Doc<"sessions">["evalStatus"]) =>
    sessions.filter((one) => one.evalStatus === status).length;
  return {
    total: sessions.length,
    totalTestCases: messageCount(sessions),
    bySource: {
      opencode: from("opencode"),
      claudeCode: from("claude-code"),
      factoryDroid: from("factory-droid"),
      codexCli: from("codex-cli"),
      cursor: from("cursor-sync"),
    },
    byStatus: {
      golden: judged("golden"),
      correct: judged("correct"),
      incorrect: judged("incorrect"),
      needsReview: judged("needs_review"),
      unset: judged(undefined),
    },
  };
}

/** Above this the page warns that a file will be large. */
const MANY_SESSIONS = 1_000;

/** Previews an export of these sessions, with warnings. */
export function exportPreview(sessions: readonly Doc<"sessions">[], isComplete: boolean) {
  const silent = sessions.filter((one) => one.messageCount === 0).length;
  const nameless = sessions.filter((one) => one.model === undefined).length;
  const warnings = [
    silent > 0 ? `${silent} sessions have no messages` : "",
    nameless > 0 ? `${nameless} sessions name no model` : "",
    sessions.length >= MANY_SESSIONS || !isComplete ? "More than 1,000 sessions" : "",
  ];
  const { bySource, byStatus } = evalStats(sessions);
  return {
    sessionCount: sessions.length,
    testCaseCount: messageCount(sessions),
    byModel: counted(sessions.map((one) => one.model ?? "unknown")),
    bySource,
    byStatus,
    warnings: warnings.filter((warning) => warning !== ""),
  };
}

/** Distinct names, sorted. */
export function distinctNames(names: readonly (string | undefined)[]): string[] {
  return Array.from(new Set(names.filter((name) => name !== undefined))).sort();
}

function messageCount(sessions: readonly Doc<"sessions">[]): number {
  return sessions.reduce((sum, one) => sum + one.messageCount, 0);
}

function counted(names: readonly string[]): { model: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Array.from(counts, ([model, count]) => ({ model, count })).sort(
    (a, b) => b.count - a.count || (a.model < b.model ? -1 : 1),
  );
}
