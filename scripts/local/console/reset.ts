import { existsSync, rmSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { assertUnused } from "../store/database.ts";

const SIDECARS = ["", "-wal", "-shm", "-journal", ".admin"];

/**
 * Delete the data file if the person says so; returns whether to go on. A file that a server has
 * open is refused: it would go on answering into a file that is no longer there.
 */
export async function resetAfterAsking(data: string): Promise<boolean> {
  if (!existsSync(data)) return true;
  assertUnused(data);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // The end of input is a no.
  const ended = new Promise<string>((resolve) =>
    terminal.once("close", () => {
      resolve("");
    }),
  );
  const question = terminal.question(`Delete everything in ${data}? Type "yes": `);
  const answer = await Promise.race([question, ended]);
  terminal.close();
  if (answer.trim().toLowerCase() !== "yes") return false;
  // A server may have started while the question stood.
  assertUnused(data);
  for (const suffix of SIDECARS) rmSync(data + suffix, { force: true });
  return true;
}
