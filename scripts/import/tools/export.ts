import { basename } from "node:path";
import { NUMBERS } from "../../../convex/lib/numbers";
import { modelName } from "../../../convex/lib/stats/names";
import type { MessageInput } from "../../../convex/wire/sync";
import { beginning, fileHistory, filesBelow, firstObject } from "../files.ts";
import { asObject, isJsonObject, type JsonObject, textIn } from "../json.ts";
import type { LineParser } from "../lines.ts";
import type { Item, MessageRow, SessionRow, Tool } from "../rows.ts";

/** Our own export (`format=jsonl`): sessions come back as they left. Only from paths that the user names. */
export const ownExport: Tool = {
  source: "opensync-export",
  label: "OpenSync export",
  places: () => [],
  async *histories(path, places) {
    if (!places.isNamed) return;
    const accepts = (one: string) => /\.(jsonl|ndjson)$/.test(basename(one));
    for (const file of filesBelow(path, { accepts, onUnreadable: places.onUnreadable })) {
      if (await isOwnExport(file.path)) yield fileHistory(file, exportLines);
    }
  },
};

/** The server's reader of messages is loaded only where it is needed, because it takes 15 MB of memory. */
async function exportLines(memo: unknown): Promise<ExportLines> {
  return new ExportLines((await import("../../../convex/wire/sync")).MessageInput, memo);
}

/** How an export begins, also where its first line is longer than what is looked at. */
const BEGINNING = '{"type":"session","externalId":';

/** An export begins with a session of ours. */
async function isOwnExport(path: string): Promise<boolean> {
  if ((await beginning(path, BEGINNING.length).catch(() => "")) === BEGINNING) return true;
  const first = await firstObject(path);
  return first.type === "session" && textIn(first, "externalId") !== undefined;
}

/** Fields that follow from the messages, or from what a reader made of the session. */
const DERIVED = ["messageCount", "updatedAt", "totalTokens", "models"];
/** Fields of an exported session that are sums over its messages, unless its plugin reported them. */
const TOTALS = [...NUMBERS, "model", "provider"];
/** Fields that the owner set, which a plugin cannot send. */
const EDITS = ["evalReady", "evalStatus", "evalTags", "evalNotes", "expectedOutput", "reviewedAt"];
const OWN = ["reportedFields", "titleEdited"];

/** What is kept of the session whose messages are read. */
type Memo = {
  session?: SessionRow;
  /** What the plugin reported for the session, sent after its messages. */
  reported: JsonObject;
  /** The session's totals, from exports that do not say what was reported. */
  totals?: JsonObject;
  model: JsonObject;
  edits: JsonObject;
  hasUsage: boolean;
  hasModel: boolean;
};

const NOTHING: Memo = { reported: {}, model: {}, edits: {}, hasUsage: false, hasModel: false };

class ExportLines implements LineParser {
  #memo: Memo;

  constructor(
    private readonly reader: typeof MessageInput,
    memo: unknown,
  ) {
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo) ? (memo as Memo) : NOTHING;
  }

  line(value: JsonObject, { line }: { line: number }): Item[] {
    const { type, ...fields } = value;
    if (type === "session") return [...this.#finish(), this.#begin(fields)];
    if (type === "message") return this.#message(fields, line);
    return [{ kind: "unknown", type: String(type) }];
  }

  checkpoint() {
    return { items: [], memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return this.#finish();
  }

  #begin(fields: JsonObject): Item {
    const own = [...DERIVED, ...TOTALS, ...EDITS, ...OWN];
    const row = without(fields, own) as SessionRow;
    const isTold = fields.reportedFields !== undefined;
    this.#memo = {
      ...NOTHING,
      session: row,
      reported: asObject(fields.reportedFields) ?? {},
      ...(isTold ? {} : { totals: only(without(fields, DERIVED), TOTALS) }),
      model: only(fields, ["model"]),
      edits: { ...only(fields, EDITS), ...(fields.titleEdited ? only(fields, ["title"]) : {}) },
    };
    // The provider of a message that names one replaces it.
    return { kind: "session", row: isTold ? { ...row, ...only(fields, ["provider"]) } : row };
  }

  #message(fields: JsonObject, line: number): Item[] {
    const { sessionId, index: _, isIncomplete, rawRole, ...sent } = fields;
    const memo = this.#memo;
    memo.hasModel ||= modelName(textIn(sent, "model")) !== undefined;
    memo.hasUsage ||= "model" in sent || "promptTokens" in sent || "completionTokens" in sent;
    const role = rawRole === undefined ? {} : { role: rawRole };
    // The server reads each field leniently; an export has the names that it reads.
    const row = { ...sent, ...role, sessionExternalId: String(sessionId) } as MessageRow;
    const message: Item = {
      kind: "message",
      row: withoutRepetition(this.reader, row),
      line,
      isStored: true,
    };
    if (isIncomplete !== true) return [message];
    const reason = "has only the beginning of its message, which was still being stored";
    return [message, { kind: "fault", line, reason }];
  }

  /** What the plugin reported for the previous session, and what its owner said of it. */
  #finish(): Item[] {
    const { session, reported, totals = {}, model, edits, hasUsage, hasModel } = this.#memo;
    if (session === undefined) return [];
    const fields = { ...(hasModel ? {} : model), ...reported, ...(hasUsage ? {} : totals) };
    const items: Item[] = [];
    if (Object.keys(fields).length > 0)
      items.push({ kind: "session", row: { ...session, ...fields } });
    if (Object.keys(edits).length > 0)
      items.push({ kind: "edits", sessionExternalId: session.externalId, edits });
    return items;
  }
}

const only = (fields: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
const without = (fields: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

/** Characters of a text from which its message may not fit a request if it stands in it twice. */
const LONG_TEXT_CHARS = 128 * 1024;

/** Leaves out a long text that the server itself made from the parts, because it will make it again. */
function withoutRepetition(reader: typeof MessageInput, row: MessageRow): MessageRow {
  const { textContent = "", ...rest } = row;
  if (textContent.length < LONG_TEXT_CHARS || row.parts === undefined) return row;
  // The reader empties the list of parts.
  const read = reader.safeParse({ ...rest, parts: [...row.parts] });
  return read.data?.textContent === textContent ? rest : row;
}
