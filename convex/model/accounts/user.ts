import type { Doc } from "../../_generated/dataModel";

/** Whose rows are read or written. Functions that need more of the account than its id take `Doc<"users">`. */
export type User = Pick<Doc<"users">, "_id">;
