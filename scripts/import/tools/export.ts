import { basename } from "node:path";
import { fileUnit, filesBelow, firstObject } from "../files.ts";
import { type JsonObject, textIn } from "../json.ts";
import type { LineParser } from "../lines.ts";
import type { Item, MessageRow, SessionRow, Tool } from "../rows.ts";

/** Our own export (`format=jsonl`): sessions come back as they left. Only from paths that the user names. */
export const ownExport: Tool = {
  source: "opensync-export",
  label: "OpenSync export",
  places: () => [],
  async *units(path, places) {
    if (!places.isNamed) return;
    const isExport = (one: string) => /\.(jsonl|ndjson)$/.test(basename(one));
    for await (const file of filesBelow(path, isExport)) {
      if (await isOwnExport(file.path)) yield fileUnit(file, () => new ExportLines());
    }
  },
};

/** An export begins with a session of ours. */
async function isOwnExport(path: string): Promise<boolean> {
  const first = await firstObject(path);
  return first.type === "session" && textIn(first, "externalId") !== undefined;
}

class ExportLines implements LineParser {
  line(value: JsonObject, { line }: { line: number }): Item[] {
    const { type, sessionId, index: _, ...fields } = value;
    if (type === "session") return [{ kind: "session", row: sessionOf(fields) }];
    if (type !== "message") return [{ kind: "unknown", type: String(type) }];
    const row = { ...fields, sessionExternalId: String(sessionId) };
    // The server reads each field leniently; an export has the names that it reads.
    return [{ kind: "message", row: row as MessageRow, line }];
  }

  checkpoint() {
    return { items: [], memo: null };
  }

  end(): Item[] {
    return [];
  }
}

/** Fields that are sums over the messages, or what a reader made of the session. */
const DERIVED = new Set(["messageCount", "updatedAt", "totalTokens", "models"]);

function sessionOf(fields: JsonObject): SessionRow {
  const kept = Object.entries(fields).filter(([name]) => !DERIVED.has(name));
  return Object.fromEntries(kept) as SessionRow;
}
