import { inspect } from "node:util";

/** A console line that a function, or the engine about a function, writes. */
export interface LogLine {
  level: "log" | "info" | "warn" | "error" | "debug";
  function: string;
  words: unknown[];
}

/** A line that can be sent to another thread or process. Functions may log any value, and not every value can. */
export function sendable({ words, ...line }: LogLine): LogLine {
  return { ...line, words: words.map((word) => (typeof word === "string" ? word : inspect(word))) };
}
