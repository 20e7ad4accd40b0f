import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { discover } from "./discover.ts";
import type { Item, MessageRow, Places, SessionRow } from "./rows.ts";
import { temporaryFolder } from "./testing.fixture.ts";
import { TOOLS } from "./tools/index.ts";

/** Small invented histories, where their tools would keep them. */

/** Makes home folders, which are gone after the tests of the file. */
export function inventedHomes() {
  const folder = temporaryFolder();
  afterAll(() => {
    folder.remove();
  });
  let homes = 0;
  /** A home folder with these files; objects become JSON, lists JSON lines, and text stays as it is. */
  function homeWith(files: { [path: string]: unknown }): Places {
    const home = join(folder.path, `home-${++homes}`);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(home, dirname(path)), { recursive: true });
      writeFileSync(join(home, path), textOf(content));
    }
    return { home, env: {}, host: "h", isNamed: false };
  }
  return { folder, homeWith };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content);
  return content.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** What a tool's histories bring, read from their beginning. */
export async function rowsOf(source: string, places: Places) {
  const tool = TOOLS.find((one) => one.source === source);
  if (tool === undefined) throw new Error(`There is no tool ${source}`);
  const sessions = new Map<string, SessionRow>();
  const messages: MessageRow[] = [];
  const others: Item[] = [];
  for (const history of (await discover(tool, places, [])).histories) {
    for await (const item of history.read(undefined)) {
      if (item.kind === "session") sessions.set(item.row.externalId, item.row);
      else if (item.kind === "message") messages.push(item.row);
      else others.push(item);
    }
  }
  return { sessions: Array.from(sessions.values()), messages, others };
}

/** A time of the invented day, as tools write it. */
export const time = (second: number) => new Date(Date.UTC(2026, 9, 1, 7, 0, second)).toISOString();
