import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { StartError } from "../failures.ts";
import { parseJson, type JsonObject } from "../values/json.ts";
import { jsonResponse } from "./messages.ts";

/**
 * The admin route for `npm run key` and `npm run call` while the server runs. It requires a secret from a file
 * next to the data file that only its owner can read. The secret gives access to internal functions, so it is
 * sent only to loopback and is new at every start.
 */
export const ADMIN_PATH = "/__admin/run";

/** A request to copy the data file, sent in place of a function path. No function can have this name. */
export const BACKUP = "$backup";

interface AdminFile {
  url: string;
  secret: string;
}

function fileFor(dataFile: string): string {
  return `${dataFile}.admin`;
}

/** Writes the secret of a server that has just started to listen. */
export function writeAdminFile(dataFile: string, origin: string): string {
  const secret = randomBytes(32).toString("base64url");
  const file: AdminFile = { url: origin + ADMIN_PATH, secret };
  const path = fileFor(dataFile);
  rmSync(path, { force: true });
  try {
    // Fails if the path exists again, such as a link, or another user's file that they could still read.
    writeFileSync(path, JSON.stringify(file), { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new StartError(
      `${path} cannot be created (${String(error)}): remove it, and start again.`,
    );
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

/** Runs any function for a caller with the secret; for everyone else the route does not exist. */
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

/** Sends a request to the server that has this data file open; null if none is running. */
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
