import { createHash } from "node:crypto";
import type { RunningEngine } from "../engine.ts";

/** Whose data a server on one machine holds, unless keys of others are made. */
export const OWNER = "you@localhost";

/**
 * The key that the console shows at every start, kept in the data file. Whoever can read that file
 * can read everything in it anyway; in `users` only the key's hash is stored. A key that was replaced
 * or revoked in the meantime is not shown again: a new one is added.
 */
export async function ownerKey(engine: RunningEngine): Promise<string> {
  const kept = engine.noted("ownerKey");
  if (kept !== null && (await isLive(engine, kept))) return kept;
  const args = { email: OWNER, name: "npm start", add: true };
  const key = apiKeyOf(await engine.runFunction("users:createWithApiKey", args));
  engine.note("ownerKey", key);
  return key;
}

async function isLive(engine: RunningEngine, key: string): Promise<boolean> {
  const hash = createHash("sha256").update(key).digest("hex");
  try {
    await engine.runFunction("users:admit", {
      caller: { kind: "key", hash, prefix: key.slice(0, 8) },
    });
    return true;
  } catch {
    return false;
  }
}

/** An address that signs a browser in once, within the hour: nobody copies a key into a form. */
export async function signInLink(engine: RunningEngine): Promise<string> {
  const made = await engine.runFunction("browserSessions:createLink", { email: OWNER });
  if (typeof made === "object" && made !== null && "code" in made && typeof made.code === "string")
    return `${engine.url}/sign-in?code=${made.code}`;
  throw new Error("browserSessions:createLink returned no code");
}

/** The key in what `users:createWithApiKey` returned. */
export function apiKeyOf(made: unknown): string {
  if (
    typeof made === "object" &&
    made !== null &&
    "apiKey" in made &&
    typeof made.apiKey === "string"
  )
    return made.apiKey;
  throw new Error("users:createWithApiKey returned no key");
}
