import { createHash } from "node:crypto";
import type { RunningEngine } from "../engine.ts";

/** The user of a local server, unless keys for other users are created. */
export const OWNER = "you@localhost";

/**
 * Returns the key that the console shows at every start. It is stored in the data file, because anyone who
 * can read that file can read all data anyway; `users` contains only its hash. If the key was replaced or
 * revoked meanwhile, adds a new one.
 */
export async function ownerKey(engine: RunningEngine): Promise<string> {
  const kept = engine.readNote("ownerKey");
  if (kept !== null && (await isLive(engine, kept))) return kept;
  return await newOwnerKey(engine);
}

async function newOwnerKey(engine: RunningEngine): Promise<string> {
  const args = { email: OWNER, name: "npm start", add: true };
  const made = await engine.runFunction("users:createWithApiKey", args);
  const key = apiKeyOf(made);
  engine.writeNote("ownerKey", key);
  engine.writeNote("ownerId", textIn(made, "userId"));
  return key;
}

/**
 * Returns the key as `ownerKey` does, the id of its user, and a way to ask whether the key still works. A data file
 * that holds no id yet gets an additional key, because the id is only returned together with a new key.
 */
export async function ownerAccount(
  engine: RunningEngine,
): Promise<{ key: string; userId: string; isKeyLive: () => Promise<boolean> }> {
  let key = await ownerKey(engine);
  if (engine.readNote("ownerId") === null) key = await newOwnerKey(engine);
  const userId = engine.readNote("ownerId") ?? "";
  return { key, userId, isKeyLive: () => isLive(engine, key) };
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

/** Creates an address that signs in a browser once, within the hour, so that nobody must copy the key. */
export async function signInLink(engine: RunningEngine): Promise<string> {
  const made = await engine.runFunction("browserSessions:createLink", { email: OWNER });
  return `${engine.url}/sign-in?code=${textIn(made, "code")}`;
}

/** Returns a text in the result of a function; throws if it has none under this name. */
function textIn(made: unknown, name: string): string {
  const text: unknown =
    typeof made === "object" && made !== null ? Reflect.get(made, name) : undefined;
  if (typeof text === "string") return text;
  throw new Error(`The function returned no ${name}`);
}

/** Returns the key from the result of `users:createWithApiKey`. */
export function apiKeyOf(made: unknown): string {
  return textIn(made, "apiKey");
}
