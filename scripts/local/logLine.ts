/** A console line that a function, or the engine about a function, writes. */
export interface LogLine {
  level: "log" | "info" | "warn" | "error" | "debug";
  function: string;
  words: unknown[];
}
