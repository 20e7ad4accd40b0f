import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileHistory, filesBelow, type FoundFile, jsonFile } from "../../files.ts";
import { fieldsIn, idIn, isJsonObject, type JsonObject, objectsIn, textIn } from "../../json.ts";
import type { Item, MessageRow, Part, Places, SessionRow, Tool, History } from "../../rows.ts";
import { CallIds } from "../../callIds.ts";
import { answerRows, usageOf } from "./answers.ts";
import { GeminiDocument, partsOf, textOf } from "./document.ts";

/**
 * Gemini CLI: a file a session, read whole because its lines change what stands before them. Ids of
 * messages are the tool's; a result of a tool has the id of its call and `-result`.
 */

const SOURCE = "gemini-cli";

/** Larger files are no sessions: they hold one conversation and its results. */
const FILE_MAX_BYTES = 256 * 1024 * 1024;

export const gemini: Tool = {
  source: SOURCE,
  label: "Gemini CLI",
  places: ({ home, env }) => [join(env["GEMINI_CLI_HOME"] || home, ".gemini", "tmp")],
  // eslint-disable-next-line @typescript-eslint/require-await
  async *histories(path, places) {
    const { onUnreadable } = places;
    for (const file of filesBelow(path, { accepts: isChat, onUnreadable }))
      // A document that was turned into lines stays beside them as it was.
      if (!existsSync(`${file.path}l`)) yield historyOf(file, places);
  },
};

/** `chats/session-….json[l]`, and `chats/<parent>/<id>.jsonl` of a subagent. */
function isChat(path: string): boolean {
  const folders = path.split(/[\\/]/);
  const name = folders.at(-1) ?? "";
  if (!/^[^.].*\.jsonl?$/.test(name)) return false;
  if (folders.at(-2) === "chats") return name.startsWith("session-");
  return folders.at(-3) === "chats";
}

function historyOf(file: FoundFile, places: Places): History {
  const { markOf: _, ...history } = fileHistory(file, () => {
    throw new Error("A Gemini session is read whole");
  });
  return { ...history, read: () => read(file, places) };
}

async function* read({ path, bytes }: FoundFile, { host }: Places): AsyncGenerator<Item> {
  if (bytes > FILE_MAX_BYTES) {
    yield { kind: "fault", reason: `is larger than ${FILE_MAX_BYTES} bytes` };
    return;
  }
  const document = GeminiDocument.read(await readFile(path, "utf8"));
  for (const fault of document.faults) yield { kind: "fault", ...fault };
  if (document.isUnfinished) yield { kind: "note", reason: "the last line is still being written" };
  const session = { ...sessionOf(document, path), host, ...(await projectOf(path)) };
  const rows = rowsOf(document, session.externalId);
  // A resume leaves a file that holds only context.
  if (rows.every(({ role }) => role === "system")) {
    yield { kind: "bookkeeping", type: "session without messages" };
    return;
  }
  yield { kind: "session", row: session };
  for (const row of rows) yield { kind: "message", row };
}

function sessionOf({ head }: GeminiDocument, path: string): SessionRow {
  const externalId = textIn(head, "sessionId") ?? basename(path).replace(/\.jsonl?$/, "");
  const title = textIn(head, "summary");
  const parent = basename(dirname(path));
  return {
    externalId,
    source: SOURCE,
    ...(title === undefined ? {} : { title }),
    ...(parent === "chats" ? {} : { parentExternalId: parent, relation: "subagent" }),
  };
}

/** The project, whose path stands beside the chats, or in the list of projects. */
async function projectOf(path: string): Promise<{ projectPath?: string }> {
  const project = /^(.*)[\\/]chats[\\/]/.exec(path)?.[1];
  if (project === undefined) return {};
  const root = await readFile(join(project, ".project_root"), "utf8").catch(() => "");
  if (root.trim() !== "") return { projectPath: root.trim() };
  const projects = fieldsIn(
    await jsonFile(join(dirname(dirname(project)), "projects.json")),
    "projects",
  );
  const found = Object.entries(projects).find(([, name]) => name === basename(project));
  return found === undefined ? {} : { projectPath: found[0] };
}

/** All messages of a session. Pure. */
export function rowsOf(document: GeminiDocument, sessionExternalId: string): MessageRow[] {
  const shown = Array.from(document.shown.values());
  const calls = shown.flatMap((message) => objectsIn(message, "toolCalls"));
  const answered = new Set(calls.filter(({ result }) => result !== undefined).map(({ id }) => id));
  const callIds = new CallIds({});
  const rows: MessageRow[] = [];
  let before: string | undefined;
  let time = textIn(document.head, "startTime");
  for (const message of shown) {
    time = textIn(message, "timestamp") ?? time;
    const row = rowOf(message, sessionExternalId, { before, time });
    const made =
      message.type === "gemini"
        ? answerRows(message, row, callIds)
        : [otherRow(message, row, answered)];
    const kept = made.filter((one) => one !== undefined);
    rows.push(...kept);
    if (kept.length > 0) before = row.externalId;
  }
  const rewound = Array.from(document.paid.entries()).filter(([id]) => !document.shown.has(id));
  return [
    ...rows,
    ...rewound.map(([id, message]) => rewoundRow({ ...message, id }, sessionExternalId)),
  ];
}

function rowOf(
  message: JsonObject,
  sessionExternalId: string,
  { before, time }: { before?: string | undefined; time: string | undefined },
): MessageRow & { externalId: string } {
  return {
    sessionExternalId,
    externalId: idIn(message, "id") ?? "",
    source: SOURCE,
    ...(time === undefined ? {} : { createdAt: time }),
    ...(before === undefined ? {} : { parentExternalId: before }),
  };
}

/** Converts a message that is not an answer. Skips an echo of a result that its call already holds. */
function otherRow(
  message: JsonObject,
  row: MessageRow,
  answered: ReadonlySet<unknown>,
): MessageRow | undefined {
  const type = textIn(message, "type") ?? "unknown";
  const parts = partsOf(message.content);
  const responses = parts.flatMap((part) =>
    isJsonObject(part.functionResponse) ? [part.functionResponse] : [],
  );
  if (type === "user" && responses.length > 0 && responses.length === parts.length) {
    const isEcho = responses.every(({ id }) => answered.has(id));
    return isEcho ? undefined : { ...row, role: "tool", parts: parts.map(partOf) };
  }
  // Text in which the tool tells the model about itself is not part of the conversation.
  if (textIn(parts[0] ?? {}, "text")?.startsWith("<session_context>")) return undefined;
  const text = textOf(message.displayContent ?? message.content) || textOf(message.content);
  const isPlain = parts.length === 1 && parts[0]?.text === text;
  return {
    ...row,
    role: type === "user" ? "user" : "system",
    ...(text === "" ? {} : { textContent: text }),
    ...(type === "error" ? { parts: [{ type: "error", content: text }] } : {}),
    ...(isPlain || type === "error" ? {} : { parts: parts.map(partOf) }),
  };
}

function partOf(part: JsonObject): Part {
  const isText = typeof part.text === "string" && Object.keys(part).length === 1;
  if (isText) return { type: "text", content: part.text };
  if ("functionResponse" in part) return { type: "tool-result", content: part.functionResponse };
  return { type: "inlineData" in part || "fileData" in part ? "file" : "unknown", content: part };
}

/** An answer that was taken back: what it cost stays, its words do not. */
function rewoundRow(message: JsonObject, sessionExternalId: string): MessageRow {
  const model = textIn(message, "model");
  return {
    ...rowOf(message, sessionExternalId, { time: textIn(message, "timestamp") }),
    role: "system",
    parts: [{ type: "rewound", content: {} }],
    ...(model === undefined ? {} : { model }),
    ...usageOf(message),
  };
}
