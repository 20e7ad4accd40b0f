import { fieldsIn, isJsonObject, type JsonObject, textIn } from "../../json.ts";
import type { LineParser } from "../../lines.ts";
import type { Item, MessageRow, Numbers, Relation } from "../../rows.ts";
import { CallIds, type CallIdsMemo } from "../../callIds.ts";
import { Session, type SessionMemo } from "../../session.ts";
import { itemRow } from "./items.ts";
import { NO_REPLAY, type ParentTurns, Replay, type ReplayMemo } from "./replay.ts";
import { counted, isSpent, NO_USAGE, numbersOf, type UsageMemo } from "./usage.ts";

/**
 * Lines of a rollout as messages. A rollout is two logs in one: what the model saw, and what the screen
 * showed of it; only the first is read. The id of a message is that of its item or call, else the id of
 * the session and the number of the line, which stays because rollouts only grow.
 */

export const SOURCE = "codex-cli";

export type Rollout = {
  /** The id in the file's name, until the file says it itself. */
  id: string;
  host: string;
  title?: string;
  /** The session that this one was forked from; undefined where it is not there. */
  parent?: ParentTurns;
};

type Memo = ReplayMemo & {
  session: SessionMemo;
  usage: UsageMemo;
  model?: string;
  callIds?: CallIdsMemo;
  lastTime: string;
};

/** Rows that wait for their usage. A call has fewer items. */
const HELD_MAX = 200;

/** Records of the file's first generation, which stand without an envelope. */
const BARE_ITEM = /^(?:message|reasoning|.*_call|.*_call_output)$/;

export class CodexLines implements LineParser {
  readonly #memo: Memo;
  readonly #session: Session;
  readonly #callIds: CallIds;
  readonly #replay: Replay;
  #held: { row: MessageRow; line: number }[] = [];

  constructor(rollout: Rollout, memo: unknown) {
    const { id: externalId, host } = rollout;
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo)
      ? (memo as Memo)
      : {
          session: Session.of({ externalId, source: SOURCE, host }).memo,
          usage: { ...NO_USAGE },
          ...{ lastTime: "", ...NO_REPLAY },
        };
    this.#session = new Session(this.#memo.session);
    this.#callIds = new CallIds((this.#memo.callIds ??= {}));
    this.#replay = new Replay(this.#memo, rollout.parent);
    this.#session.learn({ title: rollout.title });
  }

  line(value: JsonObject, { line }: { line: number }): Item[] {
    const { type, payload } = envelopeOf(value);
    this.#memo.lastTime = textIn(value, "timestamp") ?? this.#memo.lastTime;
    if (type === "session_meta") return this.#meta(payload);
    if (this.#replay.holds(type, payload)) {
      // The first own turn repeats the inherited total once.
      if (payload.type === "token_count") counted(this.#memo.usage, payload.info);
      return [{ kind: "bookkeeping", type: "replay of the parent" }];
    }
    switch (type) {
      case "turn_context":
        this.#memo.model = textIn(payload, "model") ?? this.#memo.model;
        this.#session.learn({ projectPath: textIn(payload, "cwd") });
        return this.#release();
      case "response_item":
        return this.#item(payload, line);
      case "compacted":
        return [...this.#release(), ...this.#notice(textIn(payload, "message") ?? "", line)];
      case "token_usage_record":
        return this.#record(payload, line);
      case "event_msg":
        return this.#event(payload, line);
      case "world_state":
      case "state":
      case "inter_agent_communication_metadata":
        return [{ kind: "bookkeeping", type }];
      default:
        return [{ kind: "unknown", type }, ...this.#unknown(type, value, line)];
    }
  }

  checkpoint() {
    if (this.#held.length > 0) return null;
    return { items: this.#session.update(), memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return [...this.#release(), ...this.#session.update(), ...this.#replay.end()];
  }

  #meta(meta: JsonObject): Item[] {
    const memo = this.#memo;
    const isFirst = memo.metas === 0;
    const { parent, relation } = originOf(meta);
    this.#replay.meta({
      isOwn: isFirst || textIn(meta, "id") === this.#session.id,
      hasParent: parent !== undefined,
      startedAt: Date.parse(textIn(meta, "timestamp") ?? memo.lastTime) || 0,
    });
    if (!isFirst) return [];
    const git = fieldsIn(meta, "git");
    if (!this.#memo.session.isAnnounced) this.#session.replace({ externalId: textIn(meta, "id") });
    this.#session.learn({
      projectPath: textIn(meta, "cwd"),
      provider: textIn(meta, "model_provider"),
      gitBranch: textIn(git, "branch"),
      gitCommit: textIn(git, "commit_hash"),
      agentVersion: textIn(meta, "cli_version"),
      ...(parent === undefined ? {} : { parentExternalId: parent, relation }),
    });
    return [];
  }

  #item(payload: JsonObject, line: number): Item[] {
    const found = itemRow(payload);
    if (found === null) return [{ kind: "bookkeeping", type: bookkeepingOf(payload) }];
    const { id, callId, ...said } = found;
    const isAnswer = said.role === "assistant";
    const row: MessageRow = {
      ...this.#row(line),
      ...(id === undefined ? {} : { externalId: id }),
      ...said,
      ...(callId === undefined ? {} : this.#ofCall(callId, said.role, line)),
      ...(isAnswer && this.#memo.model ? { model: this.#memo.model } : {}),
    };
    // What is said by others ends the call before: its usage has come, or never will.
    const before = isAnswer || said.role === "tool" ? [] : this.#release();
    this.#held.push({ row, line });
    return [...before, ...(this.#held.length > HELD_MAX ? this.#release() : [])];
  }

  /** Ids of a call, or of its result. */
  #ofCall(callId: string, role: string | undefined, line: number): Partial<MessageRow> {
    const place = `${this.#session.id}-${line}`;
    if (role === "assistant") return { externalId: this.#callIds.at(callId, place) };
    const answered = this.#callIds.latest(callId);
    return { externalId: `${answered}-result`, parentExternalId: answered };
  }

  #event(payload: JsonObject, line: number): Item[] {
    const type = textIn(payload, "type") ?? "?";
    if (type === "token_count") {
      const numbers = counted(this.#memo.usage, payload.info);
      return numbers === undefined ? [] : this.#spend(numbers, line);
    }
    if (type === "thread_name_updated")
      this.#session.replace({ title: textIn(payload, "thread_name") ?? textIn(payload, "name") });
    if (type === "agent_reasoning_raw_content") return this.#rawReasoning(payload, line);
    if (type === "error" || type === "stream_error") {
      const parts = [{ type: "error", content: payload }];
      const items = this.#notice(textIn(payload, "message") ?? "Error", line, { parts });
      return [...this.#release(), ...items];
    }
    const isBorder = type === "task_started" || type === "task_complete" || type === "turn_aborted";
    const bookkeeping: Item = { kind: "bookkeeping", type: `event_msg/${type}` };
    return [bookkeeping, ...(isBorder ? this.#release() : [])];
  }

  /** Reasoning whose item is encrypted; an item that holds the same text is enough. */
  #rawReasoning(payload: JsonObject, line: number): Item[] {
    const text = textIn(payload, "text");
    const isHeld = this.#held.some(({ row }) =>
      JSON.stringify(row.parts ?? []).includes(JSON.stringify(text)),
    );
    if (text === undefined || isHeld) return [{ kind: "bookkeeping", type: "repeated reasoning" }];
    return this.#item({ type: "reasoning", content: [{ type: "reasoning_text", text }] }, line);
  }

  /** The usage of one response. */
  #record(payload: JsonObject, line: number): Item[] {
    const thread = textIn(payload, "thread_id");
    if (thread !== undefined && thread !== this.#session.id) return [];
    this.#memo.usage.hasRecords = true;
    const apiMessageId = textIn(payload, "response_id");
    const numbers = numbersOf(fieldsIn(payload, "usage"));
    return this.#spend({ ...numbers, ...(apiMessageId ? { apiMessageId } : {}) }, line);
  }

  /** Books usage on the last item of its call; on a message of its own where no item is there. */
  #spend(usage: Numbers & { apiMessageId?: string }, line: number): Item[] {
    const { apiMessageId: _, ...numbers } = usage;
    if (!isSpent(numbers)) return this.#release();
    const isFree = ({ row }: { row: MessageRow }) =>
      row.role === "assistant" && row.completionTokens === undefined;
    const last = this.#held.findLast(isFree);
    if (last !== undefined) Object.assign(last.row, usage);
    const alone = { ...usage, parts: [{ type: "usage", content: numbers }] };
    const model = this.#memo.model ? { model: this.#memo.model } : {};
    return [
      ...this.#release(),
      ...(last === undefined ? this.#notice(undefined, line, { ...alone, ...model }) : []),
    ];
  }

  #notice(text: string | undefined, line: number, fields: Partial<MessageRow> = {}): Item[] {
    const said = text === undefined || text === "" ? {} : { textContent: text };
    return this.#out([{ row: { ...this.#row(line), role: "system", ...said, ...fields }, line }]);
  }

  #unknown(type: string, value: JsonObject, line: number): Item[] {
    if (Object.keys(value).length < 3) return [];
    return this.#notice(undefined, line, { parts: [{ type, content: value }] });
  }

  #row(line: number): MessageRow {
    const { lastTime } = this.#memo;
    return {
      sessionExternalId: this.#session.id,
      externalId: `${this.#session.id}-${line}`,
      source: SOURCE,
      ...(lastTime === "" ? {} : { createdAt: lastTime }),
    };
  }

  #release(): Item[] {
    const held = this.#held;
    this.#held = [];
    return this.#out(held);
  }

  #out(rows: readonly { row: MessageRow; line: number }[]): Item[] {
    if (rows.length === 0) return [];
    const items = rows.map(({ row, line }): Item => ({ kind: "message", row, line }));
    return [...this.#session.announce(), ...items];
  }
}

function bookkeepingOf(item: JsonObject): string {
  const type = textIn(item, "type") ?? "?";
  return type === "reasoning" ? "reasoning without text" : type;
}

/** Type and payload of a line, of the first generation too. */
function envelopeOf(value: JsonObject): { type: string; payload: JsonObject } {
  const type = textIn(value, "type") ?? textIn(value, "record_type");
  if (isJsonObject(value.payload)) return { type: type ?? "?", payload: value.payload };
  if (type === undefined && textIn(value, "id") && textIn(value, "timestamp"))
    return { type: "session_meta", payload: value };
  if (type !== undefined && BARE_ITEM.test(type)) return { type: "response_item", payload: value };
  return { type: type ?? "?", payload: value };
}

/** The session that this one came from. */
export function originOf(meta: JsonObject): { parent?: string; relation: Relation } {
  const source = fieldsIn(meta, "source");
  const spawn = fieldsIn(fieldsIn(source, "subagent"), "thread_spawn");
  const isSubagent = source.subagent !== undefined || meta.thread_source === "subagent";
  const parent =
    textIn(meta, "forked_from_id") ??
    textIn(meta, "parent_thread_id") ??
    textIn(spawn, "parent_thread_id");
  const relation = isSubagent || (parent && !textIn(meta, "forked_from_id")) ? "subagent" : "fork";
  return { ...(parent === undefined ? {} : { parent }), relation };
}
