import { chmodSync, closeSync, existsSync, openSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { StartError } from "../failures.ts";
import { askRunningServer, BACKUP } from "../http/admin.ts";
import { openDatabase } from "../store/database.ts";
import { DEFAULT_DATA, readDataFile } from "./options.ts";

/** Copies the data file, through the server that has it open or directly; returns the text to print. */
export async function backUp(data: string, target: string): Promise<string> {
  const file = readDataFile(data);
  if (!existsSync(file))
    throw new StartError(
      `No database at ${file}: start it with npm start${data === DEFAULT_DATA ? "" : ` -- --data ${data}`}.`,
    );
  const to = resolve(target);
  makePrivate(to);
  try {
    const answer = await askRunningServer(file, BACKUP, { to });
    if (answer === null) await copyUnused(file, to);
  } catch (error) {
    rmSync(to, { force: true });
    throw error instanceof StartError
      ? error
      : new StartError(`No copy was made: ${String(error)}`);
  }
  return `${to} (${(statSync(to).size / 1e6).toFixed(1)} MB) is a copy of ${file}.`;
}

/** Creates the copy's file, readable only by its owner; fails if the file exists. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw new StartError(
      isThere
        ? `${path} is there already: choose another name, or remove it.`
        : `${path} cannot be written: ${String(error)}`,
    );
  }
}

async function copyUnused(file: string, to: string): Promise<void> {
  const db = openDatabase(file);
  try {
    if (!(await db.backup(to))) throw new StartError(`No copy was made: ${file} is in use.`);
  } finally {
    db.close();
  }
}
