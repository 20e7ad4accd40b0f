import { readdirSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { DEFAULT_DATA, readDataFile } from "../local/console/options.ts";
import { DEFAULT_URL } from "./options.ts";
import type { Places } from "./rows.ts";
import { Server } from "./server.ts";
import { TOOLS } from "./tools/index.ts";

/** Names of the tools whose history lies on this machine; files are not read. */
export function toolsWithHistory(places: Places): string[] {
  const found = TOOLS.filter((tool) => tool.places(places).some(holdsSomething));
  return found.map(({ label }) => label);
}

function holdsSomething(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    return false;
  }
}

/**
 * The line with which `npm start` tells of histories that it could import, while its data is empty;
 * null where there is nothing to tell. It never imports by itself.
 */
export async function importHint(server: {
  url: string;
  key: string;
  data: string;
}): Promise<string | null> {
  const { url, key, data } = server;
  const places = { home: homedir(), env: process.env, host: hostname(), isNamed: false };
  const tools = toolsWithHistory(places);
  if (tools.length === 0 || (await new Server(url, key).sessionIds()).length > 0) return null;
  const options = [
    ...(url === DEFAULT_URL ? [] : ["--url", url]),
    ...(data === readDataFile(DEFAULT_DATA) ? [] : ["--data", data]),
  ];
  const command = ["npm run import", ...(options.length > 0 ? ["--", ...options] : [])].join(" ");
  return `There is history of ${tools.join(", ")} on this machine. To bring it here: ${command}`;
}
