import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestEngine } from "../local/testing.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { readImportOptions } from "./options.ts";
import { discoverAll, importAll, type Run } from "./run.ts";
import { Server } from "./server.ts";
import { State } from "./state.ts";

/** Importing into a test engine, and reading back what arrived, over HTTP. */

export const SAMPLES = fileURLToPath(new URL("../../../shared/history-samples", import.meta.url));
export const hasSamples = existsSync(join(SAMPLES, "expected.json"));
if (!hasSamples) console.warn(`Tests of history samples are left out: ${SAMPLES} is not there.`);

/** What the samples hold by an independent count. */
export function expected(): JsonObject {
  const value: unknown = JSON.parse(readFileSync(join(SAMPLES, "expected.json"), "utf8"));
  return isJsonObject(value) ? value : {};
}

/** A folder that is gone after the tests. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "opensync-import-"));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Runs the importer over these paths as `npm run import -- --yes` does. */
export async function runImport(
  target: { url: string; key: string; firstWaitMs?: number },
  paths: string[],
  stateFile: string,
  args: string[] = [],
) {
  const options = readImportOptions([...args, "--host", "test-host", ...paths], {}, Date.now());
  const run: Run = {
    options,
    places: { home: options.home, env: {}, host: options.host, isNamed: paths.length > 0 },
    state: State.read(stateFile),
    server: new Server(target.url, target.key, target),
  };
  return await importAll(run, await discoverAll(run));
}

/** As much of a stored message as the tests look at. */
export type Message = {
  externalId: string;
  role: string;
  textContent?: string;
  createdAt: number;
  model?: string;
  apiMessageId?: string;
  parentExternalId?: string;
  promptTokens?: number;
  parts: { type: string; content?: unknown }[];
};

type Usage = { [name: string]: number | undefined };

export type Session = {
  externalId: string;
  title?: string;
  source: string;
  projectPath?: string;
  gitBranch?: string;
  gitCommit?: string;
  host?: string;
  agentVersion?: string;
  parentExternalId?: string;
  relation?: string;
  models?: string[];
  messageCount: number;
  usage: {
    counted?: Usage;
    reported?: Usage;
    byTool?: { tool: string; calls: number; errors: number }[];
  };
};

type Page = { session: Session; messages: Message[]; messagesCursor?: string | null };

/** A session with all its messages, as `GET /api/sessions/:id` answers them. */
export async function readSession(
  engine: TestEngine,
  key: string,
  id: string,
): Promise<{ session: Session; messages: Message[] }> {
  const messages: Message[] = [];
  // Only the first page says what the session used.
  let session: Session | undefined;
  for (let cursor = ""; ;) {
    const query = `messages_limit=100${cursor && `&messages_cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await engine.request(`/api/sessions/${encodeURIComponent(id)}?${query}`, {
      key,
    });
    if (answer.status !== 200) throw new Error(`${id}: ${answer.status} ${await answer.text()}`);
    const page = (await answer.json()) as Page;
    messages.push(...page.messages);
    session ??= page.session;
    if (!page.messagesCursor) return { session, messages };
    cursor = page.messagesCursor;
  }
}

/** Everything of a user's sessions that must not depend on how it was imported. */
export async function everything(engine: TestEngine, key: string): Promise<unknown> {
  await engine.settle();
  const listed = await engine.request("/sync/sessions/list", { key });
  const { sessionIds } = (await listed.json()) as { sessionIds: string[] };
  const sessions = await Promise.all(sessionIds.sort().map((id) => readSession(engine, key, id)));
  return sessions.map(({ session, messages }) => ({
    ...stable(session),
    messages: messages
      .map(stable)
      .sort((a, b) => (String(a.externalId) < String(b.externalId) ? -1 : 1)),
  }));
}

/** Without what the server makes up: ids, and times of arrival. */
function stable(row: object): JsonObject {
  const { id: _, _id, updatedAt, changedAt, ...rest } = row as JsonObject & { id: unknown };
  void [_, _id, updatedAt, changedAt];
  return rest;
}

/** How many messages have each role. */
export function roles(messages: readonly Message[]): { [role: string]: number } {
  const counts: { [role: string]: number } = {};
  for (const { role } of messages) counts[role] = (counts[role] ?? 0) + 1;
  return counts;
}

/** Parts of a type in all messages. */
export function partsOf(messages: readonly Message[], type: string) {
  return messages.flatMap(({ parts }) => parts.filter((part) => part.type === type));
}

/** Tokens by kind, each counted once, as the samples name them. */
export function tokens({ usage: { counted = {} } }: Session) {
  return {
    input: counted.promptTokens ?? 0,
    cacheRead: counted.cacheReadTokens ?? 0,
    cacheWrite: counted.cacheWriteTokens ?? 0,
    output: counted.completionTokens ?? 0,
  };
}

export const firstTime = (messages: readonly Message[]) =>
  Math.min(...messages.map(({ createdAt }) => createdAt));
export const lastTime = (messages: readonly Message[]) =>
  Math.max(...messages.map(({ createdAt }) => createdAt));
