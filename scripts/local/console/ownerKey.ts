import type { RunningEngine } from "../engine.ts";

const OWNER = "you@localhost";

/**
 * The key that the console shows at every start: made once, kept in the data file. Whoever can read
 * that file can read everything in it anyway; in `users` only the key's hash is stored.
 */
export async function ownerKey(engine: RunningEngine): Promise<string> {
  const kept = engine.noted("ownerKey");
  if (kept !== null) return kept;
  const key = apiKeyOf(await engine.runFunction("users:createWithApiKey", { email: OWNER }));
  engine.note("ownerKey", key);
  return key;
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
