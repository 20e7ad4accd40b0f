import { noteUse } from "../accounts/keyUse";
import { everyRow } from "./migration";

/**
 * Copies the time of each key's last use from the log to the key, before the log lines expire. Version 1
 * read it from the log.
 */
export const keyUse = everyRow("note the last use of keys", "apiLogs", async (ctx, line) => {
  const { userId, keyPrefix, _creationTime: at } = line;
  if (userId === undefined || keyPrefix === undefined) return false;
  const user = await ctx.db.get("users", userId);
  return user !== null && (await noteUse(ctx, user, keyPrefix, Math.floor(at)));
});
