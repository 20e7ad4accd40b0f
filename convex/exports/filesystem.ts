import { trimEndWhere } from "../lib/text";
import { fnv1a } from "../lib/hash";
import { isoTime, jsonLine } from "./common";
import { text } from "./text";
import {
  DEFAULT_OPTIONS,
  type ExportFormat,
  type ExportTotals,
  type WrittenSegment,
} from "./types";

const README =
  "Each entry of `files` is one session as plain text, under the file name to save it as.";

/**
 * A folder as one JSON document, as the dashboard saves it: `files` (name → text of a session),
 * `manifest` and `readme`. A session without remaining messages has no file.
 */
export const filesystem: ExportFormat = {
  contentType: "application/json; charset=utf-8",
  extension: "json",
  usage: () => "write each entry of files under its name",
  begin: () => '{"files":{',
  separator: ",\n",
  end: (totals) => `},"manifest":${jsonLine(manifestOf(totals))},"readme":${jsonLine(README)}}\n`,
  isWhole: () => true,
  render: (session) => {
    if (session.messages.length === 0) return [];
    const content = text.render(session, DEFAULT_OPTIONS).join("");
    return [`${jsonLine(fileName(session))}:${jsonLine(content)}`];
  },
};

/** Describes the files. A question is a test case; a long session may have several files. */
function manifestOf({ at, segments }: ExportTotals) {
  const written = segments.filter(({ records }) => records > 0);
  const sessions = new Map(written.map((segment) => [segment.externalId, segment]));
  const sources = new Map<string, number>();
  for (const { source } of sessions.values()) sources.set(source, (sources.get(source) ?? 0) + 1);
  return {
    opensync_metadata: {
      export_version: "1.0",
      export_date: isoTime(at),
      total_sessions: sessions.size,
      total_test_cases: written.reduce((sum, { userMessages }) => sum + userMessages, 0),
      skipped_sessions: new Set(segments.map(({ externalId }) => externalId)).size - sessions.size,
    },
    sources: Object.fromEntries(sources),
    models: Array.from(new Set(written.flatMap(({ model }) => model ?? []))),
    files: written.map(fileName),
  };
}

/**
 * A file name valid on any file system. Ids that differ only in replaced characters get different
 * names.
 */
function fileName({ externalId, from }: Pick<WrittenSegment, "externalId" | "from">): string {
  const joined = externalId.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+/, "");
  const safe = trimEndWhere(joined, (character) => character === "-");
  const id =
    safe === externalId && safe.length <= 80 ? safe : `${safe.slice(0, 80)}-${hash(externalId)}`;
  return `session-${id}${from === 0 ? "" : `-${from}`}.txt`;
}

const hash = (id: string) => fnv1a(id).toString(36);
