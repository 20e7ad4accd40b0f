import type { LogLine } from "./logLine.ts";

/**
 * Logs rejected promises that nothing waits for, instead of ending the process. A function leaves one with `void`, or
 * when it writes to the stream of a client that has left; on a deployment, at most its own call fails. An uncaught
 * exception still ends the process, because callbacks of functions have none (`functions/globals.ts`), and what an
 * exception of the engine interrupted cannot be trusted.
 */
export function surviveRejections(log: (line: LogLine) => void): void {
  process.on("unhandledRejection", (reason) => {
    log({ level: "error", function: "unhandled rejection", words: [reason] });
  });
}
