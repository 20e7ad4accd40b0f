import { basename, join } from "node:path";
import { fileHistory, filesBelow, type FoundFile } from "../files.ts";
import {
  countIn,
  fieldsIn,
  idIn,
  isJsonObject,
  type JsonObject,
  numberIn,
  objectsIn,
  textIn,
} from "../json.ts";
import type { LineParser } from "../lines.ts";
import type { Item, MessageRow, Part, Places, Tool, History } from "../rows.ts";
import { Session, type SessionMemo } from "../session.ts";
import { toolCall, toolResult } from "./parts.ts";

/**
 * Pi: a file a session, its entries a tree. All branches are imported; `parentExternalId` tells them
 * apart. Ids of messages are those of the entries. Files of version 1 have none: the number of the line
 * stands in, which stays because files only grow.
 */

const SOURCE = "pi";

export const pi: Tool = {
  source: SOURCE,
  label: "Pi",
  places: ({ home, env }) => {
    const sessions = env["PI_CODING_AGENT_SESSION_DIR"];
    const agent = env["PI_CODING_AGENT_DIR"] || join(home, ".pi", "agent");
    return [sessions || join(agent, "sessions")];
  },
  // eslint-disable-next-line @typescript-eslint/require-await
  async *histories(path, places) {
    const accepts = (one: string) => FILE.test(basename(one));
    for (const file of filesBelow(path, { accepts, onUnreadable: places.onUnreadable }))
      yield historyOf(file, places);
  },
};

/** `<time>_<id>.jsonl`. */
const FILE = /^\d{4}-\d\d-\d\dT[\d-]+Z_(.+)\.jsonl$/;

const idOf = (path: string) => FILE.exec(basename(path.replaceAll("\\", "/")))?.[1];

function historyOf(file: FoundFile, { host }: Places): History {
  return fileHistory(
    file,
    (memo) => new PiLines(idOf(file.path) ?? basename(file.path), host, memo),
  );
}

type Memo = {
  session: SessionMemo;
  lastId?: string;
  lastTime?: string | number;
  provider?: string;
  model?: string;
};

/** Entries that change the state of the tool. */
const BOOKKEEPING = new Set(["thinking_level_change", "label", "custom", "usage"]);

class PiLines implements LineParser {
  readonly #memo: Memo;
  readonly #session: Session;

  constructor(id: string, host: string, memo: unknown) {
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo)
      ? (memo as Memo)
      : { session: Session.of({ externalId: id, source: SOURCE, host }).memo };
    this.#session = new Session(this.#memo.session);
  }

  line(value: JsonObject, { line }: { line: number }): Item[] {
    const type = textIn(value, "type") ?? "?";
    switch (type) {
      case "session":
        return this.#header(value);
      case "session_info":
        this.#session.replace({ title: textIn(value, "name") });
        return [];
      case "model_change":
        this.#memo.model = textIn(value, "modelId") ?? this.#memo.model;
        this.#memo.provider = textIn(value, "provider") ?? this.#memo.provider;
        return [];
      case "message":
        return this.#message(value, line);
      case "compaction":
      case "branch_summary":
      case "usage":
        return this.#summary(type, value, line);
      case "custom_message":
        return this.#out(this.#custom(value, value, line), line);
      default:
        if (BOOKKEEPING.has(type)) return [{ kind: "bookkeeping", type }];
        return [{ kind: "unknown", type }, ...this.#unknown(type, value, line)];
    }
  }

  checkpoint() {
    return { items: this.#session.update(), memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return this.#session.update();
  }

  #header(value: JsonObject): Item[] {
    const parent = textIn(value, "parentSession") ?? textIn(value, "branchedFrom");
    const parentId = parent === undefined ? undefined : idOf(parent);
    if (!this.#memo.session.isAnnounced) this.#session.replace({ externalId: textIn(value, "id") });
    this.#session.learn({
      projectPath: textIn(value, "cwd"),
      ...(parentId === undefined ? {} : { parentExternalId: parentId, relation: "fork" }),
    });
    this.#memo.model = textIn(value, "modelId") ?? this.#memo.model;
    this.#memo.provider = textIn(value, "provider") ?? this.#memo.provider;
    return [];
  }

  #message(entry: JsonObject, line: number): Item[] {
    const message = fieldsIn(entry, "message");
    const role = textIn(message, "role") ?? "unknown";
    switch (role) {
      case "user":
        return this.#out({ ...this.#row(entry, line), role, ...said(message.content) }, line);
      case "assistant":
        return this.#out(this.#answer(entry, message, line), line);
      case "toolResult":
        return this.#out(
          { ...this.#row(entry, line), role: "tool", parts: [resultPart(message)] },
          line,
        );
      case "bashExecution": {
        const { role: _, timestamp: _at, ...content } = message;
        const parts = [{ type: "bashExecution", content }];
        return this.#out({ ...this.#row(entry, line), role: "tool", parts }, line);
      }
      case "system":
        return [{ kind: "bookkeeping", type: "system prompt" }];
      case "custom":
      case "hookMessage":
      case "branchSummary":
      case "compactionSummary":
        return this.#out(this.#custom(entry, message, line), line);
      default:
        return [{ kind: "unknown", type: `message/${role}` }, ...this.#unknown(role, entry, line)];
    }
  }

  #answer(entry: JsonObject, message: JsonObject, line: number): MessageRow {
    const model = textIn(message, "model") ?? this.#memo.model;
    const provider = textIn(message, "provider") ?? this.#memo.provider;
    const error = textIn(message, "errorMessage");
    const durationMs = durationOf(entry, message);
    const { textContent, parts = [] } = said(message.content);
    const all = error === undefined ? parts : [...parts, { type: "error", content: error }];
    return {
      ...this.#row(entry, line),
      role: "assistant",
      ...(textContent === undefined ? {} : { textContent }),
      ...(all.length === 0 ? {} : { parts: all }),
      ...(model === undefined ? {} : { model }),
      ...(provider === undefined ? {} : { provider }),
      ...(durationMs === undefined ? {} : { durationMs }),
      // Without `responseId`: local models number their answers anew (`chatcmpl-412`), so it identifies no usage.
      ...usageOf(message.usage),
    };
  }

  #summary(type: string, entry: JsonObject, line: number): Item[] {
    const { id: _, parentId: _parent, timestamp: _at, summary, usage, ...content } = entry;
    const numbers = usageOf(usage);
    if (typeof summary !== "string" && Object.keys(numbers).length === 0)
      return [{ kind: "bookkeeping", type }];
    const text = typeof summary === "string" ? { textContent: summary } : {};
    const parts = [{ type, content }];
    const model = this.#memo.model === undefined ? {} : { model: this.#memo.model };
    const row = { ...this.#row(entry, line), role: "system", ...text, parts, ...numbers };
    return this.#out({ ...row, ...(Object.keys(numbers).length > 0 ? model : {}) }, line);
  }

  #custom(entry: JsonObject, message: JsonObject, line: number): MessageRow {
    const { textContent, parts } = said(message.content ?? message.summary);
    return {
      ...this.#row(entry, line),
      role: "system",
      ...(textContent === undefined ? {} : { textContent }),
      ...(parts === undefined ? {} : { parts }),
    };
  }

  #unknown(type: string, entry: JsonObject, line: number): Item[] {
    const row = { ...this.#row(entry, line), role: "system", parts: [{ type, content: entry }] };
    return this.#out(row, line);
  }

  #row(entry: JsonObject, line: number): MessageRow {
    const id = idIn(entry, "id");
    const externalId = id ?? `${this.#session.id}-line-${line}`;
    const parent = id === undefined ? this.#memo.lastId : idIn(entry, "parentId");
    this.#memo.lastId = externalId;
    const own = textIn(entry, "timestamp") ?? numberIn(fieldsIn(entry, "message"), "timestamp");
    const time = own ?? this.#memo.lastTime;
    if (time !== undefined) this.#memo.lastTime = time;
    return {
      sessionExternalId: this.#session.id,
      externalId,
      source: SOURCE,
      ...(time === undefined ? {} : { createdAt: time }),
      ...(parent === undefined ? {} : { parentExternalId: parent }),
    };
  }

  #out(row: MessageRow, line: number): Item[] {
    return [...this.#session.announce(), { kind: "message", row, line }];
  }
}

/** How long an answer took: its own time is when it began, that of its entry when it ended. */
function durationOf(entry: JsonObject, message: JsonObject): number | undefined {
  const [began, ended] = [
    numberIn(message, "timestamp"),
    Date.parse(textIn(entry, "timestamp") ?? ""),
  ];
  return began !== undefined && ended > began ? ended - began : undefined;
}

function said(content: unknown): Pick<MessageRow, "textContent" | "parts"> {
  if (typeof content === "string") return { textContent: content };
  const blocks = objectsIn({ content }, "content");
  const texts = blocks
    .filter(({ type }) => type === "text")
    .map((block) => textIn(block, "text") ?? "");
  const text = texts.join("\n");
  const isPlain = blocks.length === 1 && texts.length === 1;
  return {
    ...(text === "" ? {} : { textContent: text }),
    ...(isPlain || blocks.length === 0 ? {} : { parts: blocks.map(partOf) }),
  };
}

function partOf({ type, ...fields }: JsonObject): Part {
  if (type === "text" && Object.keys(fields).length === 1) return { type, content: fields.text };
  if (type !== "toolCall")
    return { type: typeof type === "string" ? type : "unknown", content: fields };
  const { id, name, arguments: args, ...beside } = fields;
  return toolCall({ ...beside, id: idIn({ id }, "id"), name: textIn({ name }, "name"), args });
}

function resultPart(message: JsonObject): Part {
  return toolResult({
    id: idIn(message, "toolCallId"),
    name: textIn(message, "toolName"),
    output: message.content ?? message.output,
    isError: message.isError === true,
    detail: message.details,
  });
}

function usageOf(usage: unknown): Partial<MessageRow> {
  if (!isJsonObject(usage)) return {};
  const written = countIn(usage, "cacheWrite");
  const hour = Math.min(countIn(usage, "cacheWrite1h"), written);
  const reasoning = countIn(usage, "reasoning");
  const cost = numberIn(fieldsIn(usage, "cost"), "total");
  return {
    promptTokens: countIn(usage, "input"),
    completionTokens: countIn(usage, "output"),
    cacheReadTokens: countIn(usage, "cacheRead"),
    cacheWriteTokens: written,
    ...(hour > 0 ? { cacheWrite1hTokens: hour, cacheWrite5mTokens: written - hour } : {}),
    ...(reasoning > 0 ? { reasoningTokens: reasoning } : {}),
    ...(cost === undefined ? {} : { cost }),
  };
}
