import { jsonLine } from "./common";
import type { ExportFormat } from "./types";

/**
 * Everything, as one JSON document: `{"version": 1, "sessions": [{…, "messages": [{…, "parts": […]}]}]}`.
 * Parts are as their plugin sent them. One session is one entry; only a conversation of more than 8 MiB
 * comes as several entries of the same `externalId`, told apart by `from` (the messages before) and
 * `isLast`. An empty document has a `note` that says why.
 */
export const json: ExportFormat = {
  contentType: "application/json; charset=utf-8",
  extension: "json",
  usage: () => "jq .sessions FILE",
  begin: () => '{"version":1,"sessions":[',
  separator: ",\n",
  end: ({ emptyBecause }) =>
    emptyBecause === undefined ? "]}\n" : `],"note":${jsonLine(emptyBecause)}}\n`,
  isWhole: () => true,
  render: (session) => [jsonLine(session)],
};
