import type { Doc } from "../../_generated/dataModel";

/** The user whose rows are read or written. Functions that need more than the id take `Doc<"users">`. */
export type User = Pick<Doc<"users">, "_id">;
