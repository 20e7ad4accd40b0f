import { jsonLine } from "./common";
import type { ExportFormat } from "./types";

/**
 * Everything, as one JSON document: `{"version": 1, "sessions": [{…, "messages": [{…, "parts": […]}]}]}`.
 * Parts are as their plugin sent them. A conversation too long for one piece comes as several
 * entries of the same session, told apart by `from` (messages before) and `isLast`.
 */
export const json: ExportFormat = {
  contentType: "application/json; charset=utf-8",
  extension: "json",
  begin: '{"version":1,"sessions":[',
  separator: ",\n",
  end: () => "]}\n",
  isWhole: () => false,
  render: (session) => [jsonLine(session)],
};
