import { expectTypeOf, test } from "vitest";
import type { api } from "../_generated/api";
import type { Id } from "../_generated/dataModel";

/**
 * The fields and types that the existing dashboard reads from each function it calls. `tsc` is the test: a
 * result without a field, or with another type, does not compile.
 */

/** The result of a function. */
type R<F> = F extends { _returnType: infer T } ? T : never;

/** The arguments of a function. */
type A<F> = F extends { _args: infer T } ? T : never;

type Part = { type: string; content: unknown };
type Message = {
  _id: Id<"messages">;
  role: "user" | "assistant" | "system" | "tool" | "unknown";
  textContent?: string;
  createdAt: number;
  parts: Part[];
};

type Tokens = { promptTokens: number; completionTokens: number; totalTokens: number };
type WrappedStats = Tokens & {
  totalMessages: number;
  sessionCount?: number;
  cost: number;
  topModels: { model: string; tokens: number }[];
  topProviders: { provider: string; tokens: number }[];
};
type EvalStatus = "golden" | "correct" | "incorrect" | "needs_review";

/** What the dashboard calls each mutation with. It reads no result of them. */
test("every mutation of the dashboard takes what DASHBOARD.md states", () => {
  type SessionId = Id<"sessions">;
  type Nothing = Record<string, never>;
  expectTypeOf<Nothing>().toExtend<A<typeof api.users.getOrCreate>>();
  expectTypeOf<Nothing>().toExtend<A<typeof api.users.revokeApiKey>>();
  expectTypeOf<Nothing>().toExtend<A<typeof api.users.clearDeletionStatus>>();
  expectTypeOf<{ enabledAgents: string[] }>().toExtend<A<typeof api.users.updateEnabledAgents>>();
  expectTypeOf<{ sessionId: SessionId; isPublic: boolean }>().toExtend<
    A<typeof api.sessions.setVisibility>
  >();
  expectTypeOf<{ sessionId: SessionId }>().toExtend<A<typeof api.sessions.remove>>();
  expectTypeOf<{ sessionId: SessionId; evalReady: boolean }>().toExtend<
    A<typeof api.evals.setEvalReady>
  >();
  expectTypeOf<{ sessionId: SessionId; evalStatus?: EvalStatus }>().toExtend<
    A<typeof api.evals.updateEvalStatus>
  >();
  expectTypeOf<{ sessionIds: SessionId[]; evalStatus?: EvalStatus }>().toExtend<
    A<typeof api.evals.bulkUpdateEvalStatus>
  >();
});

test("every function of the dashboard returns what DASHBOARD.md states", () => {
  expectTypeOf<R<typeof api.users.me>>().toExtend<{
    hasApiKey: boolean;
    createdAt: number;
    enabledAgents?: string[];
    deletionStatus?: "pending" | "in_progress" | "completed" | "failed";
    deletionProgress?: {
      sessions: number;
      messages: number;
      parts: number;
      apiLogs: number;
      sessionEmbeddings: number;
      messageEmbeddings: number;
    };
    deletionError?: string;
  } | null>();
  expectTypeOf<R<typeof api.users.stats>>().toExtend<{
    sessionCount: number;
    messageCount: number;
  } | null>();
  expectTypeOf<R<typeof api.users.generateApiKey>>().toEqualTypeOf<string>();
  expectTypeOf<R<typeof api.users.deleteAllData>>().toExtend<{
    started: boolean;
    message: string;
  }>();
  expectTypeOf<R<typeof api.users.deleteAccount>>().toExtend<{
    started: boolean;
    error?: string;
  }>();

  expectTypeOf<R<typeof api.sessions.get>>().toExtend<{
    session: {
      _id: Id<"sessions">;
      title?: string;
      projectPath?: string;
      model?: string;
      source?: string;
      promptTokens: number;
      totalTokens: number;
      cost: number;
      isPublic: boolean;
      publicSlug?: string;
      createdAt: number;
    };
    messages: Message[];
  } | null>();
  expectTypeOf<R<typeof api.sessions.getPublic>>().toExtend<{
    session: {
      title?: string;
      projectPath?: string;
      model?: string;
      totalTokens: number;
      createdAt: number;
    };
    messages: Message[];
  } | null>();
  type Shared = NonNullable<R<typeof api.sessions.getPublic>>["session"];
  expectTypeOf<Shared>().toHaveProperty("projectPath");
  expectTypeOf<R<typeof api.sessions.getMarkdown>>().toEqualTypeOf<string>();
  expectTypeOf<R<typeof api.sessions.exportAllDataCSV>>().toEqualTypeOf<string>();

  expectTypeOf<R<typeof api.search.searchSessionsPaginated>>().toExtend<{
    sessions: {
      _id: Id<"sessions">;
      title?: string;
      projectPath?: string;
      totalTokens: number;
      cost: number;
      isPublic: boolean;
      messageCount: number;
      createdAt: number;
      updatedAt: number;
    }[];
    nextCursor: number | null;
    total: number;
  }>();
  expectTypeOf<R<typeof api.search.searchMessagesPaginated>>().toExtend<{
    messages: {
      _id: Id<"messages">;
      sessionId: Id<"sessions">;
      textContent?: string;
      createdAt: number;
      sessionTitle?: string;
    }[];
    nextCursor: number | null;
    total: number;
  }>();

  expectTypeOf<R<typeof api.evals.listEvalSessions>>().toExtend<{
    sessions: {
      _id: Id<"sessions">;
      externalId: string;
      messageCount: number;
      createdAt: number;
    }[];
    stats: {
      total: number;
      totalTestCases: number;
      bySource: { opencode: number; claudeCode: number };
      byStatus: { golden: number; correct: number; needsReview: number; unset: number };
    };
  }>();
  expectTypeOf<R<typeof api.evals.getEvalTags>>().toEqualTypeOf<string[]>();
  expectTypeOf<R<typeof api.evals.getEvalModels>>().toEqualTypeOf<string[]>();
  expectTypeOf<R<typeof api.evals.previewExport>>().toExtend<{
    sessionCount: number;
    testCaseCount: number;
    byModel: unknown[];
    warnings: string[];
  }>();
  expectTypeOf<R<typeof api.evals.generateEvalExport>>().toExtend<{
    data: string;
    filename: string;
  }>();

  expectTypeOf<R<typeof api.wrapped.getCountdownInfo>>().toExtend<{
    nextGenerationAt: number;
    currentDate: string;
  }>();
  expectTypeOf<R<typeof api.wrapped.getTodayWrapped>>().toExtend<{
    imageUrl: string | null;
    stats: WrappedStats;
    designIndex: number;
    date: string;
    nextGenerationAt: number;
  } | null>();
  expectTypeOf<R<typeof api.wrapped.getWrappedStats>>().toExtend<WrappedStats | null>();

  expectTypeOf<R<typeof api.analytics.summaryStats>>().toExtend<
    Tokens & {
      totalSessions: number;
      totalMessages: number;
      totalCost: number;
      totalDurationMs: number;
      uniqueModels: number;
      uniqueProjects: number;
      avgCostPerSession: number;
    }
  >();
  expectTypeOf<R<typeof api.analytics.dailyStats>>().toExtend<
    (Tokens & { date: string; sessions: number; cost: number; durationMs: number })[]
  >();
  expectTypeOf<R<typeof api.analytics.modelStats>>().toExtend<
    (Tokens & { model: string; sessions: number; cost: number; avgDurationMs: number })[]
  >();
  expectTypeOf<R<typeof api.analytics.projectStats>>().toExtend<
    (Tokens & {
      project: string;
      sessions: number;
      messageCount: number;
      totalDurationMs: number;
      cost: number;
      lastActive: number;
    })[]
  >();
  expectTypeOf<R<typeof api.analytics.providerStats>>().toExtend<
    { provider: string; sessions: number; totalTokens: number; cost: number }[]
  >();
  expectTypeOf<R<typeof api.analytics.publicPlatformStats>>().toExtend<{
    topModels: { model: string; totalTokens: number }[];
    topSources: { source: string; sessions: number }[];
  }>();
  expectTypeOf<R<typeof api.analytics.sessionsWithDetails>>().toExtend<{
    sessions: { _id: Id<"sessions">; totalTokens: number; cost: number; isPublic: boolean }[];
    total: number;
  }>();
});
