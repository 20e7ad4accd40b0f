import { basename, dirname, join } from "node:path";
import { fileHistory, filesBelow, type FoundFile } from "../files.ts";
import { countIn, fieldsIn, isJsonObject, type JsonObject, objectsIn, textIn } from "../json.ts";
import type { LineParser } from "../lines.ts";
import type { Item, MessageRow, Numbers, Part, Places, Tool, History } from "../rows.ts";
import { Session, type SessionMemo } from "../session.ts";
import { toolCall, toolResult } from "./parts.ts";

/**
 * Copilot CLI: a file of events a session. Its messages tell only their output; all other tokens are
 * told by model when the tool ends, and are booked on the last answer of that model.
 */

const SOURCE = "copilot-cli";

export const copilot: Tool = {
  source: SOURCE,
  label: "Copilot CLI",
  places: ({ home, env }) => [join(env["COPILOT_HOME"] || join(home, ".copilot"), "session-state")],
  async *histories(path, places) {
    for await (const file of filesBelow(path, isEvents)) yield historyOf(file, places);
  },
};

/** `session-state/<id>/events.jsonl`, and `session-state/<id>.jsonl` of older versions. */
function isEvents(path: string): boolean {
  if (basename(path) === "events.jsonl") return true;
  return basename(dirname(path)) === "session-state" && path.endsWith(".jsonl");
}

function historyOf(file: FoundFile, { host }: Places): History {
  const name = basename(file.path);
  const id = name === "events.jsonl" ? basename(dirname(file.path)) : basename(name, ".jsonl");
  return fileHistory(file, (memo) => new CopilotLines(id, host, memo));
}

type Counters = { [name: string]: number };

type Memo = {
  session: SessionMemo;
  model?: string;
  /** Counters of each model when the tool ended last. */
  counters: { [model: string]: Counters };
  /** The last answer of each model since then, its output, and the output of all. */
  answers: { [model: string]: { id: string; output: number; sum: number } };
};

const COUNTERS = [
  ...["inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens"],
  "reasoningTokens",
];

/** Events that say something in words, beside those of the conversation. */
const NOTICES = new Set([
  "system.notification",
  "session.error",
  "session.warning",
  "session.info",
]);

const CONVERSATION =
  /^(?:session|user|assistant|tool|system|permission|hook|subagent|skill|abort)\b/;

class CopilotLines implements LineParser {
  readonly #memo: Memo;
  readonly #session: Session;

  constructor(id: string, host: string, memo: unknown) {
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo)
      ? (memo as Memo)
      : {
          session: Session.of({ externalId: id, source: SOURCE, host }).memo,
          counters: {},
          answers: {},
        };
    this.#session = new Session(this.#memo.session);
  }

  line(event: JsonObject, { line }: { line: number }): Item[] {
    const type = textIn(event, "type") ?? "?";
    const data = fieldsIn(event, "data");
    switch (type) {
      case "session.start":
      case "session.resume":
      case "session.context_changed":
        return this.#learn(data);
      case "session.model_change":
        this.#memo.model = textIn(data, "newModel") ?? this.#memo.model;
        return [];
      case "user.message":
        return this.#out({ ...this.#row(event, line), role: "user", ...prompt(data) }, line);
      case "assistant.message":
        return this.#out(this.#answer(event, data, line), line);
      case "tool.execution_complete":
        return this.#out(this.#result(event, data, line), line);
      case "session.compaction_complete":
        return this.#out(this.#notice(event, data, "compaction", line), line);
      case "session.shutdown":
        return this.#shutdown(event, data, line);
      default:
        return this.#other(type, event, data, line);
    }
  }

  checkpoint() {
    return { items: this.#session.update(), memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return this.#session.update();
  }

  #learn(data: JsonObject): Item[] {
    const context = isJsonObject(data.context) ? data.context : data;
    if (!this.#memo.session.isAnnounced)
      this.#session.replace({ externalId: textIn(data, "sessionId") });
    this.#session.learn({
      projectPath: textIn(context, "cwd"),
      gitBranch: textIn(context, "branch"),
      gitCommit: textIn(context, "headCommit"),
    });
    this.#session.replace({ agentVersion: textIn(data, "copilotVersion") });
    this.#memo.model = textIn(data, "selectedModel") ?? this.#memo.model;
    return [];
  }

  #answer(event: JsonObject, data: JsonObject, line: number): MessageRow {
    const row = this.#row(event, line);
    const externalId = textIn(data, "messageId") ?? row.externalId;
    const calls = objectsIn(data, "toolRequests");
    const model = named(textIn(data, "model")) ?? named(this.#memo.model) ?? makerOf(calls);
    const output = countIn(data, "outputTokens");
    const sum = (this.#memo.answers[model ?? UNNAMED]?.sum ?? 0) + output;
    this.#memo.answers[model ?? UNNAMED] = { id: externalId, output, sum };
    const text = textIn(data, "content");
    const thinking = textIn(data, "reasoningText");
    const parts: Part[] = [
      ...(thinking === undefined ? [] : [{ type: "thinking", content: thinking }]),
      ...(text === undefined || (calls.length === 0 && !thinking)
        ? []
        : [{ type: "text", content: text }]),
      ...calls.map(requestPart),
    ];
    const apiMessageId = textIn(data, "apiCallId");
    return {
      ...row,
      externalId,
      role: "assistant",
      ...(text === undefined ? {} : { textContent: text }),
      ...(parts.length === 0 ? {} : { parts }),
      ...(model === undefined ? {} : { model }),
      ...(apiMessageId === undefined ? {} : { apiMessageId }),
      ...(output > 0 ? { completionTokens: output } : {}),
    };
  }

  #result(event: JsonObject, data: JsonObject, line: number): MessageRow {
    const id = textIn(data, "toolCallId");
    const result = fieldsIn(data, "result");
    const { content, detailedContent, ...detail } = result;
    const extra = detailedContent === content ? detail : { ...detail, detailedContent };
    const part = toolResult({
      id,
      name: textIn(data, "toolName"),
      output: content ?? data.error,
      isError: data.success === false,
      ...(Object.values(extra).some((value) => value !== undefined) ? { detail: extra } : {}),
    });
    const own = id === undefined ? {} : { externalId: `${id}-result` };
    return { ...this.#row(event, line), ...own, role: "tool", parts: [part] };
  }

  #notice(event: JsonObject, data: JsonObject, type: string, line: number): MessageRow {
    const text =
      textIn(data, "content") ?? textIn(data, "message") ?? textIn(data, "summaryContent");
    return {
      ...this.#row(event, line),
      role: "system",
      ...(text === undefined ? {} : { textContent: text }),
      parts: [{ type: type === "session.error" ? "error" : type, content: data }],
    };
  }

  #other(type: string, event: JsonObject, data: JsonObject, line: number): Item[] {
    if (NOTICES.has(type)) return this.#out(this.#notice(event, data, type, line), line);
    if (CONVERSATION.test(type)) return [{ kind: "bookkeeping", type }];
    const isSaid = textIn(data, "content") !== undefined;
    const unknown: Item = { kind: "unknown", type };
    return isSaid
      ? [unknown, ...this.#out(this.#notice(event, data, type, line), line)]
      : [unknown];
  }

  /** Books what each model spent since the tool ended last. */
  #shutdown(event: JsonObject, data: JsonObject, line: number): Item[] {
    const items: Item[] = [];
    const all = fieldsIn(data, "modelMetrics");
    for (const [model, metrics] of Object.entries(all)) {
      const spent = this.#spent(model, fieldsIn(isJsonObject(metrics) ? metrics : {}, "usage"));
      const answer = this.#memo.answers[model] ?? this.#takeUnnamed(model, Object.keys(all));
      const rest = Math.max(0, (spent.completionTokens ?? 0) - (answer?.sum ?? 0));
      const numbers = { ...spent, completionTokens: rest + (answer?.output ?? 0) };
      delete this.#memo.answers[model];
      if (Object.values(numbers).every((value) => value === 0)) continue;
      const row = this.#row(event, line);
      const { sessionExternalId, source, externalId } = row;
      const own = { ...row, externalId: `${externalId}-${model}`, role: "system" };
      const place = answer
        ? { sessionExternalId, source, externalId: answer.id }
        : { ...own, parts: [{ type: "usage", content: numbers }] };
      items.push(...this.#out({ ...place, model, ...numbers }, line));
    }
    return items;
  }

  /** The last answer under no model's name or only its maker's, if it can be of this model: the shutdown names all. */
  #takeUnnamed(model: string, all: readonly string[]) {
    const { answers } = this.#memo;
    const unnamed = Object.keys(answers).filter((name) => !all.includes(name));
    const waiting = all.filter((name) => answers[name] === undefined);
    const name =
      unnamed.find((one) => one !== UNNAMED && model.startsWith(one)) ??
      (waiting.length === 1 ? unnamed[0] : undefined);
    if (name === undefined) return undefined;
    const answer = answers[name];
    delete answers[name];
    return answer;
  }

  /** Counters go on over a resume, or begin again. */
  #spent(model: string, usage: JsonObject): Numbers {
    const now: Counters = Object.fromEntries(COUNTERS.map((name) => [name, countIn(usage, name)]));
    const before = this.#memo.counters[model] ?? {};
    const goesOn = COUNTERS.every((name) => (now[name] ?? 0) >= (before[name] ?? 0));
    this.#memo.counters[model] = now;
    const of = (name: string) => (now[name] ?? 0) - (goesOn ? (before[name] ?? 0) : 0);
    const [read, written] = [of("cacheReadTokens"), of("cacheWriteTokens")];
    return {
      promptTokens: Math.max(0, of("inputTokens") - read - written),
      completionTokens: of("outputTokens"),
      cacheReadTokens: read,
      cacheWriteTokens: written,
      reasoningTokens: of("reasoningTokens"),
    };
  }

  #row(event: JsonObject, line: number): MessageRow {
    const time = textIn(event, "timestamp");
    const parent = textIn(event, "parentId");
    return {
      sessionExternalId: this.#session.id,
      externalId: textIn(event, "id") ?? `${this.#session.id}-line-${line}`,
      source: SOURCE,
      ...(time === undefined ? {} : { createdAt: time }),
      ...(parent === undefined ? {} : { parentExternalId: parent }),
    };
  }

  #out(row: MessageRow, line: number): Item[] {
    return [...this.#session.announce(), { kind: "message", row, line }];
  }
}

function prompt(data: JsonObject): Pick<MessageRow, "textContent" | "parts"> {
  const text = textIn(data, "content");
  const attachments = objectsIn(data, "attachments");
  const said = text === undefined ? {} : { textContent: text };
  if (attachments.length === 0) return said;
  const files = attachments.map((content) => ({ type: "attachment", content }));
  return {
    ...said,
    parts: [...(text === undefined ? [] : [{ type: "text", content: text }]), ...files],
  };
}

function requestPart({ toolCallId, name, arguments: args, type: _, ...beside }: JsonObject): Part {
  const id = typeof toolCallId === "string" ? toolCallId : undefined;
  return toolCall({ ...beside, id, name: typeof name === "string" ? name : undefined, args });
}

/** Answers of a model that nothing names. */
const UNNAMED = "";

/** A model's name; `auto` lets the tool choose one, and names none. */
const named = (model: string | undefined) => (model === "auto" ? undefined : model);

/** Whose model it was, by the ids of its calls. */
function makerOf(calls: readonly JsonObject[]): string | undefined {
  const id = textIn(calls[0] ?? {}, "toolCallId") ?? "";
  if (id.startsWith("toolu_")) return "claude";
  return id.startsWith("call_") ? "gpt" : undefined;
}
