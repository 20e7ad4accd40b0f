import { fieldsIn, isJsonObject, type JsonObject, objectsIn, textIn } from "../../json.ts";
import type { LineParser } from "../../lines.ts";
import type { Item, MessageRow, Part, SessionRow } from "../../rows.ts";
import { CallIds, type CallIdsMemo } from "../../callIds.ts";
import { Session, type SessionMemo } from "../../session.ts";
import { contentParts, detailPart, textOf } from "./parts.ts";
import { usageOf } from "./usage.ts";

/**
 * Lines of a Claude Code transcript as messages. Ids are those of the plugin: an assistant's line has
 * its `uuid`, and a tool call is a message of its own under the id of the call. A prompt has its `uuid`
 * too, where the plugin makes an id of its clock: the server joins the two.
 */

/** The fields of a transcript's session that are known from its path and its metadata file. */
export type Transcript = Pick<
  SessionRow,
  "externalId" | "title" | "parentExternalId" | "relation" | "host"
> & {
  /** The call that started this subagent. */
  calledBy?: string;
  /** For what a parent was looked for, to be remembered. */
  soughtFor?: string;
};

export const SOURCE = "claude-code";

/** Titles by the record that names them; a later kind gives way to an earlier one. */
const TITLE_FIELDS = [
  ["custom-title", "customTitle"],
  ["agent-name", "agentName"],
  ["ai-title", "aiTitle"],
] as const;

/** Records that hold no conversation. `queue-operation` repeats prompts. */
const BOOKKEEPING = new Set([
  ...["file-history-snapshot", "file-history-delta", "attachment", "queue-operation", "progress"],
  ...["mode", "last-prompt", "pr-link", "permission-mode", "summary", "custom-title"],
  ...["agent-name", "ai-title", "worktree-state", "agent-setting", "agent-color", "tag"],
  ...["marble-origami-commit", "marble-origami-snapshot", "content-replacement", "task-summary"],
  ...["saved_hook_context", "speculation-accept", "started", "result"],
]);

/** Tool calls whose place in the tree is remembered: their lines have other ids than their messages. */
const CALLS_REMEMBERED = 100;
/** Summaries wait for the message that they are about. */
const SUMMARIES_REMEMBERED = 20;

type Memo = {
  session: SessionMemo;
  titleRank: number;
  /** Ids of messages by `uuid` of the line, where they differ. */
  calls: [uuid: string, id: string][];
  summaries: [leafUuid: string, title: string][];
  callIds?: CallIdsMemo;
  soughtFor?: string;
  lastUuid: string;
  lastTime: string;
};

export class ClaudeLines implements LineParser {
  readonly #memo: Memo;
  readonly #session: Session;
  readonly #callIds: CallIds;

  constructor(
    private readonly transcript: Transcript,
    memo: unknown,
  ) {
    const { calledBy: _, soughtFor, ...known } = transcript;
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo)
      ? (memo as Memo)
      : {
          session: Session.of({ ...known, source: SOURCE }).memo,
          titleRank: TITLE_FIELDS.length + 1,
          calls: [],
          summaries: [],
          lastUuid: "",
          lastTime: "",
        };
    this.#session = new Session(this.#memo.session);
    if (soughtFor !== undefined) this.#memo.soughtFor = soughtFor;
    this.#callIds = new CallIds((this.#memo.callIds ??= {}));
    this.#session.replace({
      parentExternalId: transcript.parentExternalId,
      relation: transcript.relation,
    });
  }

  line(value: JsonObject, { line }: { line: number }): Item[] {
    const type = textIn(value, "type") ?? "?";
    this.#learn(value);
    this.#takeTitle(type, value);
    const rows = this.#rowsOf(type, value, line);
    if (rows.length === 0) return this.#withoutRows(type, value, line);
    const uuid = textIn(value, "uuid");
    if (uuid !== undefined) this.#remember(uuid, rows[0]?.externalId ?? uuid);
    return this.#messages(rows, line);
  }

  checkpoint() {
    return { items: this.#session.update(), memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return this.#session.update();
  }

  #messages(rows: readonly MessageRow[], line: number): Item[] {
    return [
      ...this.#session.announce(),
      ...rows.map((row): Item => ({ kind: "message", row, line })),
    ];
  }

  #rowsOf(type: string, value: JsonObject, line: number): MessageRow[] {
    const message = isJsonObject(value.message) ? value.message : undefined;
    if (type === "assistant" && message) return this.#answer(value, message, line);
    // Old summaries of a compaction carry a message.
    if (type === "user" && message) return [this.#userLine(value, message, line)];
    if (type === "summary" && message) return [this.#notice(value, textOf(message.content), line)];
    if (type === "system") return this.#system(value, line);
    if (type === "attachment") return this.#queuedPrompt(value, line);
    return [];
  }

  #withoutRows(type: string, value: JsonObject, line: number): Item[] {
    const subtype = textIn(value, "subtype");
    if (type === "system") return [{ kind: "bookkeeping", type: `system/${subtype ?? "?"}` }];
    if (BOOKKEEPING.has(type)) return [{ kind: "bookkeeping", type }];
    const isContent = isJsonObject(value.message) || value.content !== undefined;
    const unknown: Item = { kind: "unknown", type };
    if (!isContent || textIn(value, "uuid") === undefined) return [unknown];
    const row = { ...this.#row(value, line), role: "system", parts: [{ type, content: value }] };
    return [unknown, ...this.#messages([row], line)];
  }

  /** The fields that all messages share. */
  #row(value: JsonObject, line: number): MessageRow {
    const parent = textIn(value, "parentUuid");
    const isFirst = this.#memo.lastUuid === "";
    const answers = parent ?? (isFirst ? this.transcript.calledBy : undefined);
    const time = textIn(value, "timestamp") ?? this.#memo.lastTime;
    return {
      sessionExternalId: this.#session.id,
      externalId: textIn(value, "uuid") ?? `${this.#session.id}-line-${line}`,
      source: SOURCE,
      ...(time === "" ? {} : { createdAt: time }),
      ...(answers === undefined ? {} : { parentExternalId: this.#messageId(answers) }),
    };
  }

  /** An answer, or a block of one: what is said, then each tool call under its own id. */
  #answer(value: JsonObject, message: JsonObject, line: number): MessageRow[] {
    const blocks = blocksOf(message.content);
    const calls = blocks.filter((block) => block.type === "tool_use" && textIn(block, "id"));
    const said = blocks.filter((block) => !calls.includes(block));
    const model = textIn(message, "model");
    const isNotice = model === "<synthetic>";
    const numbers = isNotice ? {} : usageOf(value, message);
    const named = { role: "assistant", ...(isNotice || model === undefined ? {} : { model }) };
    const row = { ...this.#row(value, line), ...named };
    const own = { ...row, ...this.#said(said), ...numbers };
    if (isNotice && (value.isApiErrorMessage === true || value.error !== undefined))
      own.parts = [...(own.parts ?? []), { type: "error", content: errorOf(value) }];
    // Usage without a provider's id is that of the message: it belongs to one of them.
    const shared = numbers.apiMessageId === undefined && said.length > 0 ? {} : numbers;
    const rows = calls.map((block, at): MessageRow => {
      const { id, name, input, type: _, ...beside } = block;
      const call = { toolCallId: id, toolName: name, args: input, ...beside };
      return {
        ...row,
        ...(at === 0 || numbers.apiMessageId !== undefined ? shared : {}),
        externalId: this.#callIds.at(String(id), row.externalId ?? ""),
        parts: [{ type: "tool-call", content: call }],
      };
    });
    return said.length > 0 || rows.length === 0 ? [own, ...rows] : rows;
  }

  #said(blocks: readonly JsonObject[]): Pick<MessageRow, "textContent" | "parts"> {
    const text = textOf(blocks);
    const isPlain = blocks.length === 1 && blocks[0]?.type === "text" && hasOnlyText(blocks[0]);
    return {
      ...(text === "" ? {} : { textContent: text }),
      ...(isPlain ? {} : { parts: contentParts(blocks) }),
    };
  }

  /** A prompt, the results of tools, or text that Claude Code put in by itself. */
  #userLine(value: JsonObject, message: JsonObject, line: number): MessageRow {
    const blocks = blocksOf(message.content);
    const row = { ...this.#row(value, line), ...this.#said(blocks) };
    const results = blocks.filter(({ type }) => type === "tool_result");
    const detail = results.length > 0 ? detailPart(value.toolUseResult, results) : undefined;
    if (detail) row.parts = [...(row.parts ?? []), detail];
    if (results.length > 0 && results.length === blocks.length) {
      const call = textIn(results[0] ?? {}, "tool_use_id");
      const answered = call && this.#callIds.latest(call);
      return { ...row, role: "tool", ...(answered ? { parentExternalId: answered } : {}) };
    }
    return { ...row, role: isInjected(value, row.textContent) ? "system" : "user" };
  }

  /** Text that no person and no model wrote. */
  #notice(value: JsonObject, text: string, line: number, parts?: Part[]): MessageRow {
    return {
      ...this.#row(value, line),
      role: "system",
      textContent: text,
      ...(parts === undefined ? {} : { parts }),
    };
  }

  /** Compactions, outputs of commands and API errors; other notices say nothing of the conversation. */
  #system(value: JsonObject, line: number): MessageRow[] {
    const subtype = textIn(value, "subtype") ?? "system";
    const text = textIn(value, "content");
    const detail = SYSTEM_DETAILS.filter((key) => value[key] !== undefined && value[key] !== null);
    const isError = subtype === "api_error";
    if (subtype === "turn_duration" || (text === undefined && !isError)) return [];
    const content = Object.fromEntries(detail.map((key) => [key, value[key]]));
    const parts = detail.length > 0 ? [{ type: isError ? "error" : subtype, content }] : undefined;
    return [this.#notice(value, text ?? "API error", line, parts)];
  }

  /** A prompt that was typed while an answer was under way. */
  #queuedPrompt(value: JsonObject, line: number): MessageRow[] {
    const attachment = fieldsIn(value, "attachment");
    if (attachment.type !== "queued_command") return [];
    const said = this.#said(blocksOf(attachment.prompt));
    if (said.textContent === undefined && said.parts === undefined) return [];
    return [{ ...this.#row(value, line), role: "system", ...said }];
  }

  #learn(value: JsonObject): void {
    this.#session.learn({
      projectPath: textIn(value, "cwd"),
      gitBranch: textIn(value, "gitBranch"),
    });
    this.#session.replace({ agentVersion: textIn(value, "version") });
    this.#memo.lastTime = textIn(value, "timestamp") ?? this.#memo.lastTime;
  }

  #takeTitle(type: string, value: JsonObject): void {
    const rank = TITLE_FIELDS.findIndex(([name]) => name === type);
    const title = rank < 0 ? undefined : textIn(value, TITLE_FIELDS[rank]?.[1] ?? "");
    if (title !== undefined) this.#offerTitle(title, rank);
    const [summary, leaf] = [textIn(value, "summary"), textIn(value, "leafUuid")];
    if (type !== "summary" || summary === undefined || leaf === undefined) return;
    if (leaf === this.#memo.lastUuid) this.#offerTitle(summary, TITLE_FIELDS.length);
    else
      this.#memo.summaries = [...this.#memo.summaries, [leaf, summary] as [string, string]].slice(
        -SUMMARIES_REMEMBERED,
      );
  }

  #offerTitle(title: string, rank: number): void {
    if (this.transcript.title !== undefined || rank > this.#memo.titleRank) return;
    this.#memo.titleRank = rank;
    this.#session.replace({ title });
  }

  #remember(uuid: string, id: string): void {
    const memo = this.#memo;
    memo.lastUuid = uuid;
    if (id !== uuid)
      memo.calls = [...memo.calls, [uuid, id] as [string, string]].slice(-CALLS_REMEMBERED);
    const summary = memo.summaries.find(([leaf]) => leaf === uuid)?.[1];
    if (summary !== undefined) this.#offerTitle(summary, TITLE_FIELDS.length);
  }

  #messageId(uuid: string): string {
    return this.#memo.calls.find(([line]) => line === uuid)?.[1] ?? uuid;
  }
}

/** What system records tell beside their text. */
const SYSTEM_DETAILS = [
  ...["compactMetadata", "logicalParentUuid", "error", "cause", "retryInMs", "retryAttempt"],
  ...["maxRetries", "hookErrors", "hookInfos", "url", "commands"],
];

function blocksOf(content: unknown): JsonObject[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return objectsIn({ content }, "content");
}

const hasOnlyText = (block: JsonObject) => Object.keys(block).length === 2;

function errorOf({ error, isApiErrorMessage, apiErrorStatus }: JsonObject): JsonObject {
  return { error, isApiErrorMessage, apiErrorStatus };
}

/** Text of commands and their output, which the tool writes in the user's name. */
const COMMAND_MARKUP = /^\s*<(command-name|local-command-(?:stdout|stderr|caveat))/;

function isInjected(value: JsonObject, text = ""): boolean {
  return value.isMeta === true || value.isCompactSummary === true || COMMAND_MARKUP.test(text);
}
