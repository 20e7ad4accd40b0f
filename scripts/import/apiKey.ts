import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiKeyOf, OWNER } from "../local/console/ownerKey.ts";
import { StartError } from "../local/failures.ts";
import { askRunningServer } from "../local/http/admin.ts";
import type { Options } from "./options.ts";
import { Server } from "./server.ts";

/**
 * The key to send with: the one given, else one of `npm start`'s owner, made once for this command and
 * kept in the state folder for its owner alone.
 */
export async function apiKey(options: Options, stateFolder: string): Promise<string> {
  if (options.key !== undefined) return options.key;
  const file = join(stateFolder, `key-${encodeURIComponent(options.url)}`);
  const kept = keptKey(file);
  if (kept !== undefined && (await works(options.url, kept))) return kept;
  const args = { email: OWNER, name: "npm run import", add: true };
  const answer = await askRunningServer(options.data, "users:createWithApiKey", args).catch(
    () => null,
  );
  if (answer === null)
    throw new StartError(
      `No key: give one with --key or OPENSYNC_API_KEY, or start the local server first (npm start).`,
    );
  const key = apiKeyOf(JSON.parse(answer));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}

function keptKey(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

async function works(url: string, key: string): Promise<boolean> {
  try {
    await new Server(url, key).sessionIds();
    return true;
  } catch {
    return false;
  }
}
