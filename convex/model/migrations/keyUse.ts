import { noteUse } from "../accounts/keyUse";
import { everyRow } from "./migration";

/**
 * Version 1 read from the log when a key was last used. Copies that into the keys before the lines
 * reach the end of their retention.
 */
export const keyUse = everyRow("note the last use of keys", "apiLogs", async (ctx, line) => {
  const { userId, keyPrefix, _creationTime: at } = line;
  if (userId === undefined || keyPrefix === undefined) return false;
  return await noteUse(ctx, userId, keyPrefix, Math.floor(at));
});
