import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { StartError } from "../failures.ts";
import { parseJson, type JsonObject } from "../values/json.ts";
import { jsonResponse } from "./messages.ts";

/**
 * The way in for `npm run key` and `npm run call` while the server runs: a loopback route that wants
 * a secret from a file beside the data, readable by its owner only. It is what gives access to
 * internal functions, so it is never sent anywhere else and is new at every start.
 */
export const ADMIN_PATH = "/__admin/run";

/** Instead of a function's path: copy the data file. No function can have this name. */
export const BACKUP = "$backup";

interface AdminFile {
  url: string;
  secret: string;
}

function fileFor(dataFile: string): string {
  return `${dataFile}.admin`;
}

/** Write the secret of a server that has just begun to listen. */
export function writeAdminFile(dataFile: string, origin: string): string {
  const secret = randomBytes(32).toString("base64url");
  const file: AdminFile = { url: origin + ADMIN_PATH, secret };
  const path = fileFor(dataFile);
  rmSync(path, { force: true });
  try {
    // Fails if anything is there again: a link to elsewhere, or somebody's file that stays open to them.
    writeFileSync(path, JSON.stringify(file), { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new StartError(`${path} cannot be made (${String(error)}): remove it, and start again.`);
  }
  chmodSync(path, 0o600);
  return secret;
}

export function removeAdminFile(dataFile: string): void {
  rmSync(fileFor(dataFile), { force: true });
}

function isSecret(given: string, secret: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(secret);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Run any function for whoever holds the secret; to everyone else the route does not exist. */
export async function serveAdmin(
  request: Request,
  secret: string,
  run: (path: string, args: JsonObject) => Promise<string>,
): Promise<Response> {
  if (!isSecret(request.headers.get("authorization") ?? "", `Admin ${secret}`))
    return new Response("No matching routes found", { status: 404 });
  const { path, args } = parseJson<{ path: string; args: JsonObject }>(await request.text());
  try {
    return new Response(await run(path, args));
  } catch (error) {
    return jsonResponse(500, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** Ask the server that has this data file open, if one runs; null if none does. */
export async function askRunningServer(
  dataFile: string,
  path: string,
  args: JsonObject,
): Promise<string | null> {
  let file: AdminFile;
  try {
    file = parseJson<AdminFile>(readFileSync(fileFor(dataFile), "utf8"));
  } catch {
    return null;
  }
  const answer = await fetch(file.url, {
    method: "POST",
    headers: { Authorization: `Admin ${file.secret}` },
    body: JSON.stringify({ path, args }),
  }).catch(() => null);
  if (answer === null || answer.status === 404) return null;
  const text = await answer.text();
  if (!answer.ok) throw new StartError(parseJson<{ error?: string }>(text).error ?? text);
  return text;
}
