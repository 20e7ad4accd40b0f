import { jsonLine } from "./common";
import type { ExportFormat } from "./types";

/**
 * Complete export as one JSON document: `{"version": 1, "sessions": [{…, "messages": [{…, "parts":
 * […]}]}]}`. Parts are as sent. One session is one entry; only a conversation larger than an answer
 * becomes several entries with the same `externalId`, distinguished by `from` (the number of
 * messages before) and `isLast`. An empty document has a `note` with the reason.
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
  complete: {
    isLines: false,
    begin: (head) => `${jsonLine(head).slice(0, -1)},"messages":[`,
    fields: () => ({}),
    between: ",",
    end: (from, isLast) => `],"from":${from},"isLast":${isLast}}`,
  },
};
