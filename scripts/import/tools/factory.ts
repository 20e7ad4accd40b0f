import { basename, join } from "node:path";
import {
  fileHistory,
  filesBelow,
  firstObject,
  type FoundFile,
  jsonFile,
  statsOf,
} from "../files.ts";
import {
  countIn,
  idIn,
  isJsonObject,
  type JsonObject,
  numberIn,
  objectsIn,
  textIn,
} from "../json.ts";
import type { LineParser } from "../lines.ts";
import type { Item, MessageRow, Places, SessionRow, Tool, History } from "../rows.ts";
import { Session, type SessionMemo } from "../session.ts";
import { contentParts, textOf } from "./claude/parts.ts";

/**
 * Factory Droid: a file a session, its model and tokens in a file beside it. Ids are those of
 * droid-sync: the message's, and `<message>-tool-<call>` for a tool call.
 */

const SOURCE = "factory-droid";

export const factory: Tool = {
  source: SOURCE,
  label: "Factory Droid",
  places: ({ home, env }) => [join(env["FACTORY_DIR"] || join(home, ".factory"), "sessions")],
  async *histories(path, places) {
    const accepts = (one: string) => one.endsWith(".jsonl");
    for (const file of filesBelow(path, { accepts, onUnreadable: places.onUnreadable }))
      if (await isSession(file.path, places)) yield historyOf(file, places);
  },
};

/** Types of records with which files begin: a first line stays. */
const firstTypes = new Map<string, string>();

async function isSession(path: string, { isNamed }: Places): Promise<boolean> {
  const type = firstTypes.get(path) ?? textIn(await firstObject(path), "type");
  if (type !== undefined) firstTypes.set(path, type);
  return type === "session_start" || (!isNamed && type === "message");
}

function historyOf(file: FoundFile, { host }: Places): History {
  const settings = file.path.replace(/\.jsonl$/, ".settings.json");
  const written = statsOf(settings);
  const history = fileHistory(file, async (memo) => {
    const own = { externalId: basename(file.path, ".jsonl"), source: SOURCE, host };
    return new DroidLines(own, await jsonFile(settings), memo);
  });
  return { ...history, version: `${history.version}:${written?.size}:${written?.mtimeMs}` };
}

type Memo = {
  session: SessionMemo;
  calls: [call: string, message: string][];
  last: string;
  lastTime?: string | number;
};

/** Calls whose message is remembered, for their results. */
const CALLS_REMEMBERED = 100;

class DroidLines implements LineParser {
  readonly #memo: Memo;
  readonly #session: Session;

  constructor(
    own: SessionRow,
    private readonly settings: JsonObject,
    memo: unknown,
  ) {
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo)
      ? (memo as Memo)
      : { session: Session.of(own).memo, calls: [], last: "" };
    this.#session = new Session(this.#memo.session);
    this.#session.replace(totals(settings));
  }

  line(value: JsonObject, { line }: { line: number }): Item[] {
    const type = textIn(value, "type") ?? "?";
    if (type === "session_start") return this.#start(value);
    if (type === "message") return this.#message(value, line);
    if (type === "todo_state") return [{ kind: "bookkeeping", type }];
    const text = textIn(value, "summaryText");
    const isSaid = text !== undefined || idIn(value, "id") !== undefined;
    const parts = [{ type, content: value }];
    const said = text === undefined ? {} : { textContent: text };
    const row = { ...this.#row(value, line), role: "system", ...said, parts };
    const kept = isSaid ? this.#out([row], line) : [];
    return type === "compaction_state" ? kept : [{ kind: "unknown", type }, ...kept];
  }

  checkpoint() {
    return { items: this.#session.update(), memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return this.#session.update();
  }

  #start(value: JsonObject): Item[] {
    const parent = textIn(value, "callingSessionId");
    if (!this.#memo.session.isAnnounced) this.#session.replace({ externalId: textIn(value, "id") });
    this.#session.replace({ title: textIn(value, "sessionTitle") ?? textIn(value, "title") });
    this.#session.learn({
      projectPath: textIn(value, "cwd"),
      ...(parent === undefined ? {} : { parentExternalId: parent, relation: "subagent" }),
    });
    return [];
  }

  #message(value: JsonObject, line: number): Item[] {
    const id = idIn(value, "id");
    // A line is sometimes written twice.
    if (id !== undefined && id === this.#memo.last)
      return [{ kind: "bookkeeping", type: "repeated line" }];
    this.#memo.last = id ?? "";
    const message = isJsonObject(value.message) ? value.message : value;
    const { content } = message;
    const blocks =
      typeof content === "string"
        ? [{ type: "text", text: content }]
        : objectsIn({ content }, "content");
    const role = textIn(message, "role") ?? "unknown";
    const row = { ...this.#row(value, line), ...this.#modelOf(role, value) };
    const calls = blocks.filter((block) => block.type === "tool_use" && idIn(block, "id"));
    const said = blocks.filter((block) => !calls.includes(block));
    const isResult = said.length > 0 && said.every(({ type }) => type === "tool_result");
    const answers = isResult ? this.#callOf(said[0]) : undefined;
    const own = {
      ...row,
      role: isResult ? "tool" : role,
      ...textFields(said),
      ...(answers === undefined ? {} : { parentExternalId: answers }),
    };
    const rows = calls.map((block) => this.#call(row, block));
    return this.#out(said.length > 0 || rows.length === 0 ? [own, ...rows] : rows, line);
  }

  #call(row: MessageRow, { id, name, input }: JsonObject): MessageRow {
    const externalId = `${row.externalId}-tool-${String(id)}`;
    this.#memo.calls = [...this.#memo.calls, [String(id), externalId] as [string, string]].slice(
      -CALLS_REMEMBERED,
    );
    const call = { toolCallId: id, toolName: name, args: input };
    return { ...row, externalId, role: "assistant", parts: [{ type: "tool-call", content: call }] };
  }

  #callOf(block: JsonObject | undefined): string | undefined {
    const id = idIn(block ?? {}, "tool_use_id");
    return this.#memo.calls.find(([call]) => call === id)?.[1];
  }

  #modelOf(role: string, value: JsonObject): { model?: string } {
    const model = textIn(value, "modelId") ?? textIn(this.settings, "model");
    return role === "assistant" && model !== undefined ? { model } : {};
  }

  #row(value: JsonObject, line: number): MessageRow {
    const own = textIn(value, "timestamp") ?? numberIn(value, "timestamp");
    const time = own ?? this.#memo.lastTime;
    if (time !== undefined) this.#memo.lastTime = time;
    const parent = idIn(value, "parentId");
    return {
      sessionExternalId: this.#session.id,
      externalId: idIn(value, "id") ?? `${this.#session.id}-line-${line}`,
      source: SOURCE,
      ...(time === undefined ? {} : { createdAt: time }),
      ...(parent === undefined ? {} : { parentExternalId: parent }),
    };
  }

  #out(rows: readonly MessageRow[], line: number): Item[] {
    return [
      ...this.#session.announce(),
      ...rows.map((row): Item => ({ kind: "message", row, line })),
    ];
  }
}

function textFields(blocks: readonly JsonObject[]): Pick<MessageRow, "textContent" | "parts"> {
  const text = textOf(blocks);
  const isPlain = blocks.length === 1 && blocks[0]?.type === "text";
  return {
    ...(text === "" ? {} : { textContent: text }),
    ...(isPlain ? {} : { parts: contentParts(blocks) }),
  };
}

/** Only the session as a whole has tokens; they are not spread over its messages. */
function totals(settings: JsonObject): Partial<SessionRow> {
  const model = textIn(settings, "model");
  const named = model === undefined ? {} : { model };
  const { tokenUsage: usage } = settings;
  if (!isJsonObject(usage)) return named;
  return {
    ...named,
    promptTokens: countIn(usage, "inputTokens"),
    completionTokens: countIn(usage, "outputTokens"),
    cacheReadTokens: countIn(usage, "cacheReadTokens"),
    cacheWriteTokens: countIn(usage, "cacheCreationTokens"),
    reasoningTokens: countIn(usage, "thinkingTokens"),
  };
}
