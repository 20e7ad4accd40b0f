import { type CallIdsMemo, CallIds } from "../../callIds.ts";
import {
  countIn,
  fieldsIn,
  idIn,
  isJsonObject,
  type JsonObject,
  objectsIn,
  textIn,
} from "../../json.ts";
import type { LineParser } from "../../lines.ts";
import type { Item, MessageRow } from "../../rows.ts";
import { Session, type SessionMemo } from "../../session.ts";
import {
  answerFields,
  makerOf,
  named,
  noticeFields,
  NOTICES,
  promptFields,
  resultPart,
  saysSomething,
} from "./events.ts";
import { type Answered, type Booked, Requests, type RequestsMemo } from "./requests.ts";
import { rememberAnswer, spentAtEnd, type SpendingMemo } from "./shutdown.ts";
import type { Request } from "./store.ts";

/**
 * Events of a Copilot CLI session as messages. What was spent is told by request in the tool's database, and booked on
 * the answers. Before it counted, messages tell only their output; all other tokens are told by model when the tool
 * ends, and are booked on the last answer of that model.
 */

export const SOURCE = "copilot-cli";

type Memo = SpendingMemo & {
  session: SessionMemo;
  model?: string;
  /** Reasoning that an event of its own told, for the next answer. */
  thought?: string;
  /** The time of the last event that has one. */
  lastTime?: string;
  requests?: RequestsMemo;
  /** What was read was booked by requests. */
  isCounted?: boolean;
  callIds?: CallIdsMemo;
};

const CONVERSATION =
  /^(?:session|user|assistant|tool|system|permission|hook|subagent|skill|abort)\b/;

export class CopilotLines implements LineParser {
  readonly #memo: Memo;
  readonly #session: Session;
  readonly #requests: Requests;
  readonly #callIds: CallIds;

  constructor(id: string, host: string, memo: unknown, requests: readonly Request[]) {
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo)
      ? (memo as Memo)
      : {
          session: Session.of({ externalId: id, source: SOURCE, host }).memo,
          counters: {},
          answers: {},
        };
    this.#session = new Session(this.#memo.session);
    this.#callIds = new CallIds((this.#memo.callIds ??= {}));
    this.#requests = new Requests((this.#memo.requests ??= {}), requests);
    if (requests.length > 0) this.#memo.isCounted = true;
  }

  line(event: JsonObject, { line }: { line: number }): Item[] {
    const type = textIn(event, "type") ?? "?";
    const data = fieldsIn(event, "data");
    this.#memo.lastTime = textIn(event, "timestamp") ?? this.#memo.lastTime;
    switch (type) {
      case "session.start":
      case "session.resume":
      case "session.context_changed":
        return this.#learn(data);
      case "session.model_change":
        this.#memo.model = textIn(data, "newModel") ?? this.#memo.model;
        return [];
      case "user.message":
        return this.#out({ ...this.#row(event, line), role: "user", ...promptFields(data) }, line);
      case "assistant.reasoning":
        this.#memo.thought = textIn(data, "content");
        return [{ kind: "bookkeeping", type }];
      case "assistant.message":
        return this.#answer(event, data, line);
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

  checkpoint(isEnd: boolean) {
    const late = this.#requests.late().map((booked) => this.#booked(booked));
    const rest = isEnd ? this.#requests.takeRest(Infinity) : [];
    const items = [...late, ...this.#alone(rest), ...this.#session.update()];
    return { items, memo: structuredClone(this.#memo) };
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

  #answer(event: JsonObject, data: JsonObject, line: number): Item[] {
    const row = this.#row(event, line);
    const externalId = idIn(data, "messageId") ?? row.externalId;
    const calls = objectsIn(data, "toolRequests");
    for (const call of calls) this.#callIds.at(idIn(call, "toolCallId") ?? "", externalId);
    const said = answerFields(data, this.#memo.thought);
    delete this.#memo.thought;
    const model = named(textIn(data, "model")) ?? named(this.#memo.model);
    const spent = this.#spentOn(
      { id: externalId, model, maker: makerOf(calls) },
      countIn(data, "outputTokens"),
    );
    const apiMessageId = textIn(data, "apiCallId");
    const answer = {
      ...row,
      ...{ externalId, role: "assistant" },
      ...said,
      ...(apiMessageId === undefined ? {} : { apiMessageId }),
      ...(spent.model === undefined ? {} : { model: spent.model }),
      ...spent.numbers,
    };
    return [...this.#out(answer, line), ...this.#alone(this.#requests.takeAlone(this.#now()))];
  }

  /** What is known to be spent on an answer, and its model. */
  #spentOn(answer: Omit<Answered, "at">, output: number): Omit<Booked, "id"> {
    const at = this.#now();
    if (this.#requests.covers(at)) return this.#requests.bookOn({ ...answer, at });
    const model = answer.model ?? answer.maker;
    rememberAnswer(this.#memo, { id: answer.id, model, output });
    return { model, numbers: output > 0 ? { completionTokens: output } : {} };
  }

  #result(event: JsonObject, data: JsonObject, line: number): MessageRow {
    const id = idIn(data, "toolCallId");
    const own = id === undefined ? {} : { externalId: `${this.#callIds.latest(id)}-result` };
    return { ...this.#row(event, line), ...own, role: "tool", parts: [resultPart(data)] };
  }

  #notice(event: JsonObject, data: JsonObject, type: string, line: number): MessageRow {
    return { ...this.#row(event, line), role: "system", ...noticeFields(type, data) };
  }

  #other(type: string, event: JsonObject, data: JsonObject, line: number): Item[] {
    if (NOTICES.has(type)) return this.#out(this.#notice(event, data, type, line), line);
    if (CONVERSATION.test(type)) return [{ kind: "bookkeeping", type }];
    const unknown: Item = { kind: "unknown", type };
    return saysSomething(data)
      ? [unknown, ...this.#out(this.#notice(event, data, type, line), line)]
      : [unknown];
  }

  /** Books what each model spent since the tool ended last, unless the database has told it. */
  #shutdown(event: JsonObject, data: JsonObject, line: number): Item[] {
    const spent = spentAtEnd(this.#memo, fieldsIn(data, "modelMetrics"));
    if (this.#requests.covers(this.#now())) {
      const late = this.#requests.late().map((booked) => this.#booked(booked));
      return [...late, ...this.#alone(this.#requests.takeRest(this.#now()))];
    }
    return spent.flatMap(({ model, numbers, answer }) => {
      if (answer !== undefined) return [this.#booked({ id: answer, model, numbers })];
      const row = this.#row(event, line);
      const externalId = `${row.externalId}-${model}`;
      const parts = [{ type: "usage", content: numbers }];
      return this.#out({ ...row, externalId, role: "system", parts, model, ...numbers }, line);
    });
  }

  /** Adds numbers to an answer that was told before. */
  #booked({ id, model, numbers }: Booked): Item {
    const place = { sessionExternalId: this.#session.id, externalId: id, source: SOURCE };
    const row = { ...place, ...(model === undefined ? {} : { model }), ...numbers };
    return { kind: "message", row };
  }

  /** Requests without an answer, each as a message of its own. */
  #alone(requests: readonly Request[]): Item[] {
    return requests.flatMap(({ id, at, model, numbers }) => {
      if (Object.values(numbers).every((value) => value === 0)) return [];
      const row: MessageRow = {
        sessionExternalId: this.#session.id,
        externalId: `${this.#session.id}-request-${id}`,
        ...{ source: SOURCE, role: "system" },
        ...(at > 0 ? { createdAt: at } : {}),
        ...(model === undefined ? {} : { model }),
        parts: [{ type: "usage", content: numbers }],
        ...numbers,
      };
      return [...this.#session.announce(), { kind: "message", row }];
    });
  }

  /** The time of the event that is read. */
  #now(): number {
    return Date.parse(this.#memo.lastTime ?? "") || 0;
  }

  #row(event: JsonObject, line: number): MessageRow & { externalId: string } {
    const time = this.#memo.lastTime;
    const parent = idIn(event, "parentId");
    return {
      sessionExternalId: this.#session.id,
      externalId: idIn(event, "id") ?? `${this.#session.id}-line-${line}`,
      source: SOURCE,
      ...(time === undefined ? {} : { createdAt: time }),
      ...(parent === undefined ? {} : { parentExternalId: parent }),
    };
  }

  #out(row: MessageRow, line: number): Item[] {
    return [...this.#session.announce(), { kind: "message", row, line }];
  }
}
