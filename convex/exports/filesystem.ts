import { fnv1a } from "../lib/hash";
import { jsonLine } from "./common";
import { text } from "./text";
import { DEFAULT_OPTIONS, type ExportFormat, type ExportSession } from "./types";

const README =
  "Each entry of `files` is one session as plain text, under the name it is to be saved as.";

/**
 * A folder as one JSON document, as the dashboard saves it: `files` (name → text of a session),
 * `manifest` and `readme`.
 */
export const filesystem: ExportFormat = {
  contentType: "application/json; charset=utf-8",
  extension: "json",
  begin: '{"files":{',
  separator: ",\n",
  end: ({ sessions, records }) => {
    const manifest = {
      opensync_metadata: { export_version: "1.0", total_sessions: sessions, total_files: records },
    };
    return `},"manifest":${jsonLine(manifest)},"readme":${jsonLine(README)}}\n`;
  },
  isWhole: () => true,
  render: (session) => {
    const content = text.render(session, DEFAULT_OPTIONS).join("");
    return [`${jsonLine(fileName(session))}:${jsonLine(content)}`];
  },
};

/** A name that any file system takes; ids that differ only in other characters stay apart. */
function fileName({ externalId, from }: ExportSession): string {
  const safe = externalId.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "");
  const id =
    safe === externalId && safe.length <= 80 ? safe : `${safe.slice(0, 80)}-${hash(externalId)}`;
  return `session-${id}${from === 0 ? "" : `-${from}`}.txt`;
}

const hash = (id: string) => fnv1a(id).toString(36);
