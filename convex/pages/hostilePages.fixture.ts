import type { EvalStatus } from "../lib/enums";
import type { ReadPart } from "../lib/sessions/parts";
import { continuationOf } from "./conversation/continuation";
import type { ConversationMessage } from "./conversation/turns";
import { writeConversation } from "./conversation/write";
import { homePage } from "./home";
import { errorPage } from "./layout";
import { sessionPage } from "./session";
import { settingsPage } from "./settings";
import { sharedPage } from "./shared";
import { sharesPage } from "./shares";
import { signInPage } from "./signIn";
import { statsPage, wrappedPage } from "./stats";

const AT = Date.UTC(2026, 10, 22, 12);
const head = { policy: "default-src 'none'", viewer: { kind: "owner" as const } };

/** Every page with this text in every place where a text may stand. */
export function hostilePages(text: string): string[] {
  const session = hostileSession(text);
  const messages = hostileMessages(text);
  const { content } = writeConversation(messages, { hasNumbers: true });
  const sums = {
    sessions: 1,
    messages: 1,
    promptTokens: 1,
    completionTokens: 1,
    totalTokens: 5,
    cost: 0,
    durationMs: 1,
  };
  const result = {
    ...session,
    sessionId: "s1",
    messageId: "m1",
    title: text,
    snippet: text.slice(0, 240),
    highlights: [[0, 1] as [number, number]],
    score: 1,
    matchedIn: [],
    alsoIn: [{ id: "copy", externalId: text, title: text, source: text, createdAt: AT }],
  };
  const home = {
    filter: { source: text, project: text, model: text, branch: text },
    choices: { sources: [text], projects: [text], models: [text] },
    month: { sessions: 1, totalTokens: 1, cost: 0, days: [{ date: text, tokens: 1, sessions: 1 }] },
    today: "2026-11-22",
    site: "https://x.example",
    query: text,
    mode: text,
  };
  const twice = [text, `${text}2`].map((value) => ({ value, count: 1 }));
  const answer = {
    results: [result],
    facets: { project: twice, source: twice, model: twice },
    pending: 1,
    type: "fulltext" as const,
    degraded: true,
    reason: text,
    ignored: [text],
    truncated: true,
  };
  const split = { ...sums, lastActiveAt: AT };
  const relative = {
    ...{ id: "s0", externalId: text, title: text, relation: text, source: text },
    ...{ messageCount: 1, createdAt: AT },
  };
  const stats = {
    timeZone: text,
    sessionCount: 1,
    messageCount: 1,
    promptTokens: 1,
    completionTokens: 1,
    totalTokens: 1,
    totalCost: 1,
    totalDurationMs: 1,
    totals: sums,
    byModel: [{ model: text, ...split }],
    byProvider: [{ provider: text, ...split }],
    bySource: [{ source: text, ...split }],
    byProject: [{ project: text, ...split }],
    byTool: [{ tool: text, calls: 3, errors: 1 }],
    byDay: [{ date: "2026-11-22", ...sums }],
    byHour: [],
  };
  return [
    sharedPage(
      { policy: head.policy },
      {
        ...{ title: text, source: text, model: text, createdAt: AT, conversation: content },
        ...{ links: { markdown: "x.md", json: "x.json" }, masked: 2, rest: { next: "x?after=1" } },
      },
    ),
    sessionPage(head, {
      ...{
        session,
        stored: session,
        titleHash: text,
        conversation: content,
        isFirst: true,
        relatives: { parent: relative, children: [relative], hasMoreChildren: true },
        next: "x",
        formats: [text],
        notice: text,
      },
      prompts: {
        entries: [
          { id: "m1", text },
          { id: "m2", text },
        ],
        isCut: true,
      },
      continuation: continuationOf(session, messages),
    }),
    homePage(head, {
      ...home,
      shown: { kind: "list", sessions: [session], next: text, isCut: true },
    }),
    homePage(head, { ...home, shown: { kind: "search", answer } }),
    statsPage(head, stats, { days: 7, dates: ["2026-11-21", "2026-11-22"] }),
    wrappedPage(head, {
      ...{ date: "2026-11-22", name: text, before: "2026-11-21", after: "2026-11-23" },
      links: [{ day: "today", address: text }],
    }),
    settingsPage(head, {
      timeZone: text,
      email: text,
      keys: [{ id: "k1", prefix: text, name: text, createdAt: AT }],
      browsers: [{ id: "b1", label: text, createdAt: AT, isCurrent: false }],
      deployment: [[text, text]],
      newKey: text,
      notice: text,
    }),
    sharesPage(head, { sessions: [session], isCut: true }),
    signInPage(head, { to: text, problem: text, site: text, hasWorkos: true }),
    signInPage(head, { to: text, code: text, site: text, hasWorkos: false }),
    errorPage(head, { status: 404, message: text, requestId: text }),
  ];
}

function hostileSession(text: string) {
  return {
    ...{ id: "s1", _id: "s1", externalId: text, source: text, title: text, model: text },
    ...{
      projectName: text,
      projectPath: text,
      evalNotes: text,
      expectedOutput: text,
      evalTags: [text],
    },
    ...{
      promptTokens: 1,
      completionTokens: 1,
      totalTokens: 2,
      cost: 1,
      reported: [],
      secrets: [],
      messageCount: 3,
    },
    ...{
      isPublic: true,
      publicSlug: "slug",
      evalReady: true,
      evalStatus: text as EvalStatus,
      createdAt: AT,
      state: "quiet" as const,
      changedAt: AT,
      updatedAt: AT,
    },
  };
}

function hostileMessages(text: string): ConversationMessage[] {
  const args = [
    text,
    { command: text },
    { file_path: text, old_string: text, new_string: `${text}x` },
    { path: `${text}.ts`, content: text },
    { patch: `*** Begin Patch\n+${text}\n-${text}` },
    { [text]: text },
  ];
  const calls = args.map((one, n): ReadPart => ({
    kind: "tool-call",
    name: n % 2 ? "Write" : text,
    id: String(n),
    args: one,
  }));
  const parts: ReadPart[] = [
    { kind: "text", text },
    {
      kind: "text",
      text: `<system-reminder>${text}</system-reminder>\n\n\`\`\`ts\n${text}\n\`\`\``,
    },
    { kind: "thinking", text },
    ...calls,
    { kind: "tool-result", id: "0", output: text },
    {
      kind: "tool-result",
      id: "1",
      output: [
        { type: "text", text },
        { type: "image", data: text, mimeType: "image/png" },
      ],
    },
    { kind: "tool-result", name: text, output: { stdout: text } },
    { kind: "other", type: text, content: `data:image/png;base64,${text}` },
    { kind: "other", type: text, content: { [text]: text } },
  ];
  return ["user", "assistant", "system", text].map((role, n) => ({
    id: `m${n}`,
    role,
    createdAt: AT,
    model: text,
    totalTokens: 5,
    cost: 1,
    durationMs: 5,
    parts,
  }));
}
