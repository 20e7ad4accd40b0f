import { noteUse } from "../accounts/keyUse";
import { everyRow } from "./migration";

/**
 * Version 1 read from the log when a key was last used. Copies that into the keys before the lines
 * reach the end of their retention.
 */
export const keyUse = everyRow("note the last use of keys", "apiLogs", async (ctx, line) => {
  const { userId, keyPrefix, _creationTime: at } = line;
  if (userId === undefined || keyPrefix === undefined) return false;
  const user = await ctx.db.get("users", userId);
  return user !== null && (await noteUse(ctx, user, keyPrefix, Math.floor(at)));
});
