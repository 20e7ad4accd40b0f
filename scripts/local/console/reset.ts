import { existsSync, rmSync } from "node:fs";
import { createInterface } from "node:readline/promises";

const SIDECARS = ["", "-wal", "-shm", "-journal", ".admin"];

/** Delete the data file if the person says so; returns whether to go on. */
export async function resetAfterAsking(data: string): Promise<boolean> {
  if (!existsSync(data)) return true;
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
  for (const suffix of SIDECARS) rmSync(data + suffix, { force: true });
  return true;
}
