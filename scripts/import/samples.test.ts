import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StatsAnswer } from "../../convex/wire/stats.ts";
import { storedIn, wordCharsIn } from "../bench/storage.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { sendAsPlugins } from "./asPlugins.fixture.ts";
import { fieldsIn, isJsonObject, type JsonObject, textIn } from "./json.ts";
import {
  expected,
  firstTime,
  hasSamples,
  lastTime,
  readSession,
  roles,
  runImport,
  SAMPLES,
  temporaryFolder,
  tokens,
} from "./testing.fixture.ts";

/** What a sample must come to, in the words of `expected.json`. */
type Case = {
  id: string;
  want: JsonObject;
  /** Messages by role that the sample must come to. */
  roles: { [role: string]: unknown };
  /** Tokens that the count keeps apart and a session sums. */
  more?: JsonObject;
};

const folder = temporaryFolder();
let engine: TestEngine;
/** The keys of two users: one imports the samples, the other's plugins send them. */
const keys = { imported: "", sent: "" };
let result: Awaited<ReturnType<typeof runImport>>;
beforeAll(async () => {
  if (!hasSamples) return;
  engine = await startTestEngine({ embeddings: false });
  keys.imported = (await engine.createUser()).apiKey;
  keys.sent = (await engine.createUser()).apiKey;
  const to = { url: engine.url, key: keys.imported };
  result = await runImport(to, [SAMPLES], join(folder.path, "state.json"));
  await sendAsPlugins({ engine, key: keys.sent }, [SAMPLES]);
  await engine.settle();
}, 240_000);
afterAll(async () => {
  if (hasSamples) await engine.stop();
  folder.remove();
});

/** The cases of a part of the expected numbers, each an object. */
function cases(of: JsonObject, make: (name: string, want: JsonObject) => Case | null): Case[] {
  return Object.entries(of).flatMap(([name, want]) => {
    const made = isJsonObject(want) ? make(name, want) : null;
    return made === null ? [] : [made];
  });
}

const kinds = ["input", "cacheRead", "cacheWrite", "output"] as const;

/** Compares every session with its numbers: roles, calls, errors, models, times, tokens. */
async function compare(key: string, list: readonly Case[]): Promise<void> {
  expect(list.length).toBeGreaterThan(0);
  for (const { id, want, roles: wanted, more = {} } of list) {
    const { session, messages } = await readSession(engine, key, id);
    const found = roles(messages);
    const counted = session.usage.counted?.promptTokens === undefined && session.usage.reported;
    const usage = counted ? { ...session, usage: { counted } } : session;
    const sums = fieldsIn(want, "tokens");
    const sum = (kind: string) => Number(sums[kind] ?? 0) + Number(more[kind] ?? 0);
    const times = want.first === null ? {} : { first: want.first, last: want.last };
    const tools = session.usage.byTool ?? [];
    const toolErrors = tools.reduce((all, { errors }) => all + errors, 0);
    expect(
      {
        ...Object.fromEntries(Object.keys(wanted).map((role) => [role, found[role] ?? 0])),
        calls: tools.reduce((all, { calls }) => all + calls, 0),
        ...(want.toolErrors === undefined ? {} : { toolErrors }),
        models: session.models ?? [],
        ...(want.first === null
          ? {}
          : {
              first: new Date(firstTime(messages)).toISOString(),
              last: new Date(lastTime(messages)).toISOString(),
            }),
        tokens: tokens(usage),
      },
      id,
    ).toEqual({
      ...wanted,
      calls: want.toolCalls,
      ...(want.toolErrors === undefined ? {} : { toolErrors: want.toolErrors }),
      models: [...(want.models as string[])].sort(),
      ...times,
      tokens: Object.fromEntries(kinds.map((kind) => [kind, sum(kind)])),
    });
  }
}

/** Compares the totals of a source in statistics: what several sessions share is counted once. */
async function compareTotals(key: string, source: string, want: JsonObject): Promise<void> {
  const answer = await engine.request(`/api/stats?source=${source}`, { key });
  const { totals } = (await answer.json()) as StatsAnswer;
  expect({
    input: totals.promptTokens,
    cacheRead: totals.cacheReadTokens ?? 0,
    cacheWrite: totals.cacheWriteTokens ?? 0,
    cacheWrite1h: totals.cacheWrite1hTokens ?? 0,
    output: totals.completionTokens,
  }).toEqual(
    Object.fromEntries(
      ["input", "cacheRead", "cacheWrite", "cacheWrite1h", "output"].map((k) => [k, want[k]]),
    ),
  );
}

const WAYS = [
  ["imported", "imported"],
  ["sent as plugins send them", "sent"],
] as const;

describe.skipIf(!hasSamples).each(WAYS)("samples that are %s arrive as counted", (_, way) => {
  test("Claude Code: answers of several lines, forks, a subagent, rejections", async () => {
    const { files, total } = fieldsIn(expected(), "claude");
    const list = cases(fieldsIn({ files }, "files"), (path, want) => {
      const [, parent, name = ""] =
        /([^/]+)\/(?:subagents\/agent-)?([^/]+)\.jsonl$/.exec(path) ?? [];
      const id = path.includes("/subagents/") ? `${parent}-agent-${name}` : name;
      const { user, tool } = fieldsIn(want, "messages");
      return { id, want, roles: { user, tool } };
    });
    await compare(keys[way], list);
    await compareTotals(keys[way], "claude-code", fieldsIn({ total }, "total"));
  });

  test("Codex CLI: replays of a parent, records of usage, compactions, old archives", async () => {
    const files = fieldsIn(fieldsIn(expected(), "codex"), "files");
    const list = cases(files, (_, want) => {
      const { user, injected, developer, compacted } = fieldsIn(want, "messages");
      const system = Number(injected) + Number(developer) + Number(compacted);
      const isEmpty = want.first === null;
      return {
        id: String(want.id),
        want,
        roles: { user, tool: want.toolResults, ...(isEmpty ? {} : { system }) },
      };
    });
    // The usage of a compaction, and a call without any item, are messages of their own.
    const alone = new Set(["01a2228f-e5da-71d1-b79b-e68715081b98"]);
    for (const one of list) if (alone.has(one.id)) delete one.roles.system;
    await compare(keys[way], list);
    for (const { id, want } of list) {
      const { session } = await readSession(engine, keys[way], id);
      expect(session.parentExternalId ?? null, id).toBe(want.parent);
    }
  });

  test("Pi: branches, summaries with usage of their own, forks that copy entries", async () => {
    const files = fieldsIn(fieldsIn(expected(), "pi"), "files");
    await compare(
      keys[way],
      cases(files, (_, want) => {
        const { user, assistant, toolResult, bashExecution } = fieldsIn(want, "entries");
        const tool = Number(toolResult ?? 0) + Number(bashExecution ?? 0);
        const more = fieldsIn(want, "summaryTokens");
        // A shell command of the user is a call too.
        const toolCalls = Number(want.toolCalls) + Number(bashExecution ?? 0);
        const counts = { user, assistant, tool };
        return { id: String(want.id), want: { ...want, toolCalls }, roles: counts, more };
      }),
    );
  });

  test("Gemini CLI: documents, lines that change, rewinds, subagents", async () => {
    const files = fieldsIn(fieldsIn(expected(), "gemini"), "files");
    await compare(
      keys[way],
      cases(files, (_, want) => {
        const { user, gemini, error } = fieldsIn(want, "messages");
        if (gemini === 0) return null;
        // An error that came last is later than the last answer.
        const last = error === 0 ? want.last : "2026-11-20T09:02:07.000Z";
        return {
          id: String(want.sessionId),
          want: { ...want, last },
          roles: { user, assistant: gemini },
        };
      }),
    );
  });

  test("Copilot CLI: tokens that only the end of the tool tells, once over resumes", async () => {
    const files = fieldsIn(expected(), "copilot");
    await compare(
      keys[way],
      cases(files, (path, want) => {
        const messages = fieldsIn(want, "messages");
        const counts = { user: messages["user.message"], assistant: messages["assistant.message"] };
        const tokens = want.tokens ?? { output: want.outputOnly };
        const id = /session-state\/([^/]+)\//.exec(path)?.[1] ?? "";
        return { id, want: { ...want, tokens }, roles: { ...counts, tool: want.toolResults } };
      }),
    );
  });

  test("Factory Droid: tokens of the session, a subagent, no empty session", async () => {
    await compare(
      keys[way],
      cases(fieldsIn(expected(), "factory"), (path, want) => {
        const { user, tool } = fieldsIn(want, "messages");
        if (want.empty === true) return null;
        return { id: basename(path, ".jsonl"), want, roles: { user, tool } };
      }),
    );
  });

  test.each(["opencode (storage tree)", "opencode (opencode.db)"])(
    "%s: steps, subagents, forks that copy messages under other ids",
    async (name) => {
      const list = cases(fieldsIn(expected(), name), (id, want) => {
        const { user, assistant } = fieldsIn(want, "messages");
        return { id, want, roles: { user, assistant } };
      });
      await compare(keys[way], list);
      for (const { id, want } of list) {
        const { session } = await readSession(engine, keys[way], id);
        const isFork = Number(want.inheritedAnswers) > 0;
        expect(session.relation, id).toBe(
          isFork ? "fork" : want.parent === null ? undefined : "subagent",
        );
      }
    },
  );

  test("OpenCode 2: both generations in one database, each session once", async () => {
    const wanted = fieldsIn(expected(), "opencode2");
    await compare(keys[way], [
      ...cases(fieldsIn(wanted, "sessions"), (id, want) => {
        const { user, assistant, shell } = fieldsIn(want, "rows");
        // A shell command of the user is a call too.
        const toolCalls = Number(want.toolCalls) + Number(shell ?? 0);
        const counts = { user: user ?? 0, assistant: assistant ?? 0 };
        return { id, want: { ...want, toolCalls }, roles: counts };
      }),
      ...cases(fieldsIn(wanted, "onlyInOldTables"), (id, want) => {
        const { user, assistant } = fieldsIn(want, "messages");
        return { id, want, roles: { user, assistant } };
      }),
    ]);
  });
});

describe.skipIf(!hasSamples)("an import of the samples", () => {
  test("each tool takes its own files of a folder that holds those of all", () => {
    const sessions = result.tallies.map(({ source, sessionIds }) => [source, sessionIds.size]);
    expect(Object.fromEntries(sessions)).toEqual({
      ...{ "claude-code": 11, "codex-cli": 10, opencode: 14, pi: 5, "gemini-cli": 5 },
      ...{ "copilot-cli": 4, "factory-droid": 2 },
    });
  });

  test("titles of Codex come from its index", async () => {
    const index = readFileSync(join(SAMPLES, "codex/session_index.jsonl"), "utf8");
    const entry: unknown = JSON.parse(index.split("\n", 1)[0] ?? "");
    const { id, thread_name } = isJsonObject(entry) ? entry : {};
    const { session } = await readSession(engine, keys.imported, textIn({ id }, "id") ?? "");
    expect(session.title).toBe(thread_name);
  });

  test("words stored for search alone take less than 15 % of the bytes of the transcripts", () => {
    const stored = storedIn(engine.data);
    const bytes = (table: string) => stored[table]?.bytes ?? 0;
    const words = wordCharsIn(engine.data);
    const transcripts = bytes("messages") + bytes("parts") - words;
    expect(words).toBeGreaterThan(0);
    expect(bytes("searchTexts")).toBeGreaterThan(0);
    expect((bytes("searchTexts") + words) / transcripts).toBeLessThan(0.15);
  });
});
