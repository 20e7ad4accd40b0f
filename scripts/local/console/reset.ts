import { existsSync, rmSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { assertUnused } from "../store/database.ts";

const SIDECARS = ["", "-wal", "-shm", "-journal", ".admin"];

/**
 * Deletes the data file if the person confirms; returns whether to start. Refuses a file that a server has
 * open, because that server would continue with a deleted file.
 */
export async function resetAfterAsking(data: string): Promise<boolean> {
  if (!existsSync(data)) return true;
  assertUnused(data);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // The end of input counts as no.
  const ended = new Promise<string>((resolve) =>
    terminal.once("close", () => {
      resolve("");
    }),
  );
  const question = terminal.question(`Delete everything in ${data}? Type "yes": `);
  const answer = await Promise.race([question, ended]);
  terminal.close();
  if (answer.trim().toLowerCase() !== "yes") return false;
  // A server may have started while the person was asked.
  assertUnused(data);
  for (const suffix of SIDECARS) rmSync(data + suffix, { force: true });
  return true;
}
