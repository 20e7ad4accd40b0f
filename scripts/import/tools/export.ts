import { basename } from "node:path";
import { fileHistory, filesBelow, firstObject } from "../files.ts";
import { isJsonObject, type JsonObject, textIn } from "../json.ts";
import type { LineParser } from "../lines.ts";
import type { Item, MessageRow, SessionRow, Tool } from "../rows.ts";

/** Our own export (`format=jsonl`): sessions come back as they left. Only from paths that the user names. */
export const ownExport: Tool = {
  source: "opensync-export",
  label: "OpenSync export",
  places: () => [],
  async *histories(path, places) {
    if (!places.isNamed) return;
    const isExport = (one: string) => /\.(jsonl|ndjson)$/.test(basename(one));
    for await (const file of filesBelow(path, isExport)) {
      if (await isOwnExport(file.path)) yield fileHistory(file, (memo) => new ExportLines(memo));
    }
  },
};

/** An export begins with a session of ours. */
async function isOwnExport(path: string): Promise<boolean> {
  const first = await firstObject(path);
  return first.type === "session" && textIn(first, "externalId") !== undefined;
}

/** Fields of an exported session that are sums over its messages, or its own if no message carries numbers. */
const SUMS = new Set([
  ...["promptTokens", "completionTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"],
  ...["cost", "durationMs", "model", "provider"],
]);
/** Fields that follow from the messages, or from what a reader made of the session. */
const DERIVED = new Set(["messageCount", "updatedAt", "totalTokens", "models"]);

type Memo = { session?: SessionRow; sums: JsonObject; hasUsage: boolean };

class ExportLines implements LineParser {
  readonly #memo: Memo;

  constructor(memo: unknown) {
    // A memo is what this class gave to `checkpoint`.
    this.#memo = isJsonObject(memo) ? (memo as Memo) : { sums: {}, hasUsage: false };
  }

  line(value: JsonObject, { line }: { line: number }): Item[] {
    const { type, sessionId, index: _, ...fields } = value;
    if (type === "session") return this.#begin(fields);
    if (type !== "message") return [{ kind: "unknown", type: String(type) }];
    this.#memo.hasUsage ||= ["model", "promptTokens", "completionTokens"].some(
      (one) => one in fields,
    );
    const { isIncomplete, ...sent } = fields;
    const row = { ...sent, sessionExternalId: String(sessionId) };
    // The server reads each field leniently; an export has the names that it reads.
    const message: Item = { kind: "message", row: row as MessageRow, line };
    if (isIncomplete !== true) return [message];
    const reason = "has only the beginning of its message, which was still being stored";
    return [message, { kind: "fault", line, reason }];
  }

  checkpoint() {
    return { items: [], memo: structuredClone(this.#memo) };
  }

  end(): Item[] {
    return this.#sums();
  }

  #begin(fields: JsonObject): Item[] {
    const before = this.#sums();
    const entries = Object.entries(fields).filter(([name]) => !DERIVED.has(name));
    const own = (isSum: boolean) =>
      Object.fromEntries(entries.filter(([name]) => SUMS.has(name) === isSum));
    const row = own(false) as SessionRow;
    Object.assign(this.#memo, { session: row, sums: own(true), hasUsage: false });
    return [...before, { kind: "session", row }];
  }

  /** The previous session with its own numbers, if none of its messages carried any. */
  #sums(): Item[] {
    const { session, sums, hasUsage } = this.#memo;
    if (session === undefined || hasUsage || Object.keys(sums).length === 0) return [];
    return [{ kind: "session", row: { ...session, ...sums } }];
  }
}
