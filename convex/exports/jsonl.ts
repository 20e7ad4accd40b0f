import { JSON_LINES, jsonLine } from "./common";
import type { ExportFormat } from "./types";

/**
 * Complete export, one JSON object per line: `{"type": "session", …}`, then its messages in order
 * as `{"type": "message", "sessionId": …, "index": …, …}`. Parts are as sent.
 */
export const jsonl: ExportFormat = {
  ...JSON_LINES,
  usage: () => "npm run import -- FILE",
  isWhole: () => false,
  render(session) {
    const { messages, from, externalId } = session;
    const lines = messages.map((message, at) =>
      jsonLine({ type: "message", sessionId: externalId, index: from + at, ...message }),
    );
    const head = { type: "session", ...session, messages: undefined, from: undefined };
    return from === 0 ? [jsonLine({ ...head, isLast: undefined }), ...lines] : lines;
  },
  complete: {
    isLines: true,
    begin: (head, from) => (from === 0 ? jsonLine({ type: "session", ...head }) : ""),
    fields: ({ externalId }, index) => ({ type: "message", sessionId: externalId, index }),
    between: JSON_LINES.separator,
    end: () => "",
  },
};
