import type { TestEngine } from "../local/testing.ts";
import { fieldsIn, type JsonObject, textIn } from "./json.ts";
import type { MessageRow, Part, SessionRow } from "./rows.ts";
import { TOOLS } from "./tools/index.ts";

/**
 * Sends histories as plugins do: one item per request, several sessions at once, each tool's parts in the dialect
 * of its plugin, and every tenth message twice. Uses only the readers of the importer.
 */

/** Sessions that are sent at the same time: hooks of parallel sessions are parallel processes. */
const PARALLEL = 4;

type Target = { engine: TestEngine; key: string };
type Sent = { sessions: SessionRow[]; messages: MessageRow[] };

export async function sendAsPlugins(target: Target, paths: readonly string[]): Promise<void> {
  const places = { home: "/nowhere", env: {}, host: "test-host", isNamed: true };
  const bySession = new Map<string, Sent>();
  const of = (id: string) => {
    const sent = bySession.get(id) ?? { sessions: [], messages: [] };
    bySession.set(id, sent);
    return sent;
  };
  for (const tool of TOOLS) {
    for (const path of paths) {
      for await (const history of tool.histories(path, places)) {
        for await (const item of history.read(undefined)) {
          if (item.kind === "session") of(item.row.externalId).sessions.push(item.row);
          if (item.kind === "message") of(item.row.sessionExternalId).messages.push(item.row);
        }
      }
    }
  }
  const waiting = Array.from(bySession.values());
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await sendSession(target, next);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

async function sendSession(target: Target, { sessions, messages }: Sent): Promise<void> {
  const [first, ...updates] = sessions;
  if (first) await post(target, "/sync/session", first);
  const bodies = messages.map(asPlugin);
  if (first?.source === "factory-droid") {
    // Droid's plugin sends all new messages of a stop in one body.
    await post(target, "/sync/batch", { sessions: [], messages: bodies });
  } else {
    for (const [index, body] of bodies.entries()) {
      await post(target, "/sync/message", body);
      if (index % 10 === 0) await post(target, "/sync/message", body);
    }
  }
  for (const update of updates) await post(target, "/sync/session", update);
}

async function post({ engine, key }: Target, path: string, json: object): Promise<void> {
  const answer = await engine.request(path, { key, json });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

function asPlugin(row: MessageRow): JsonObject {
  const { parts = [], createdAt, ...fields } = row;
  const time = createdAt === undefined ? {} : timeOf(row.source, createdAt);
  return { ...fields, ...time, ...contentOf(row.source, parts) };
}

/** Pi sends epoch milliseconds, Codex calls them `timestamp`, importers send ISO text. */
function timeOf(source: string, createdAt: number | string): JsonObject {
  if (source === "codex-cli") return { timestamp: createdAt };
  return { createdAt: source === "pi" ? new Date(createdAt).getTime() : createdAt };
}

/** Parts in the dialect of the tool's plugin (WIRE 4.1 to 4.7). */
function contentOf(source: string, parts: readonly Part[]): JsonObject {
  if (parts.length === 0) return {};
  if (source !== "codex-cli") return { parts: parts.map((part) => partOf(source, part)) };
  // Codex names calls beside the parts, with their arguments as text.
  const calls = parts.filter(({ type }) => type === "tool-call");
  const toolCalls = calls.map(({ content }) => {
    const { toolCallId: id, toolName: name, args } = content as JsonObject;
    return { id, name, arguments: JSON.stringify(args ?? null) };
  });
  const others = parts.filter(({ type }) => type !== "tool-call");
  return {
    ...(others.length === 0 ? {} : { parts: others }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

function partOf(source: string, part: Part): Part {
  if (part.type === "tool-call") return callOf(source, part);
  return part.type === "tool-result" && source === "claude-code" ? claudeResult(part) : part;
}

function callOf(source: string, part: Part): Part {
  const { toolCallId: id, toolName: name, args, ...beside } = part.content as JsonObject;
  // A call that holds its own result keeps its form.
  if (Object.keys(beside).length > 0) return part;
  switch (source) {
    case "claude-code":
      return { type: "tool_use", id, name, input: args };
    case "pi":
      return { type: "tool-call", content: { toolName: name, args } };
    case "factory-droid":
      return { type: "tool_use", content: { toolName: name, args } };
    case "copilot-cli":
      return {
        type: "tool-call",
        content: JSON.stringify({ toolCallId: id, toolName: name, args }),
      };
    default:
      return part;
  }
}

/** A result that names its call and not its tool. */
function claudeResult(part: Part): Part {
  const content = fieldsIn({ content: part.content }, "content");
  const id = textIn(content, "toolCallId");
  const isError = content.is_error === true;
  return {
    ...{ type: "tool_result", tool_use_id: id, content: content.output },
    ...(isError ? { is_error: true } : {}),
  };
}
