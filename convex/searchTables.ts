import { defineTable } from "convex/server";
import { v } from "convex/values";
import {
  docPageFields,
  searchTextFields,
  vectorIndex,
  vVector,
  ofMessage,
  ofSession,
} from "./fields";

/** Tables that only search reads: derived words, vectors, and the documentation. Part of `schema.ts`. */

/**
 * Words that a reader of a message sees and its own index entries do not hold: glued to an escape or a
 * colour code, in another spelling, inside a run without spaces, too long, emoji. One row for each stored
 * row that has any, which is one in some ten; `order` and `piece` name the row of `parts`, both absent the
 * message's own text. A table of its own, because an index is billed as a copy of its whole table.
 * Written by `model/search/searchTexts.ts` with the message; read by full-text search.
 */
export const searchTexts = defineTable({
  ...ofMessage,
  /** The message's, under which its rows in `parts` are found. */
  orderKey: v.string(),
  ...searchTextFields,
})
  // Replacing a message's rows, and deleting a session's.
  .index("by_session_and_message", ["sessionId", "messageId"])
  .searchIndex("search_text", { searchField: "text", filterFields: ["userId"] });

/**
 * One vector a session (its title, project and first prompt). Written by `model/embedding/embeddings.ts`, read
 * by vector search alone: a vector is 13.8 kB. A hit is looked up under its id in `sessions`.
 */
export const sessionEmbeddings = defineTable({
  ...ofSession,
  embedding: vVector,
  textHash: v.string(),
})
  // Semantic search, and no other index: 14 kB a row and index. Deletion goes by `sessions.embeddingId`.
  .vectorIndex("by_embedding", { ...vectorIndex, filterFields: ["userId"] });

/**
 * Vectors of messages: one a unit of meaning (a prompt, or the run of answers to it), several for a
 * long unit, keyed by the unit's first message. Written and read as above; a hit is looked up under
 * its id in `passages`.
 */
export const messageEmbeddings = defineTable({ ...ofMessage, embedding: vVector })
  // Semantic search, and no other index. Deletion goes by `passages.embeddingId`.
  .vectorIndex("by_embedding", { ...vectorIndex, filterFields: ["userId"] });

/**
 * What each vector of `messageEmbeddings` stands for: its text, the unit's first message and its order
 * key, its place in a long unit (`chunk` 0, 1, …), and `textHash` of the whole unit. A table of its own,
 * because beside the vector a look would read 13.8 kB more, and in `messages` a mark would read and
 * write the message again. Written by `model/embedding/embeddings.ts` in one transaction with the vectors; read
 * by search to show a hit, and by `model/embedding/staleRange.ts` to see what is embedded already.
 */
export const passages = defineTable({
  ...ofMessage,
  orderKey: v.string(),
  chunk: v.number(),
  text: v.string(),
  textHash: v.string(),
  embeddingId: v.id("messageEmbeddings"),
})
  // What is embedded of a stretch of conversation; deletion of the session.
  .index("by_session_and_order_key", ["sessionId", "orderKey", "chunk"])
  // A hit of semantic search.
  .index("by_embedding", ["embeddingId"]);

/**
 * Documentation pages, public. Written by `scripts/syncDocs.ts` through `model/docs/docs.ts`; read by
 * signed-out readers too. `slug` is unique; `contentHash` makes a second sync write nothing.
 */
export const docPages = defineTable({
  ...docPageFields,
  updatedAt: v.number(),
  /** `contentHash` of the content that was embedded; absent until it is. */
  embeddedHash: v.optional(v.string()),
})
  .index("by_slug", ["slug"])
  .index("by_embedded_hash", ["embeddedHash"])
  .searchIndex("search_title", { searchField: "title" })
  .searchIndex("search_content", { searchField: "content" });

/**
 * Vectors of documentation sections. Written by `model/docs/docs.ts`; its search reads the few rows that it
 * shows with their vectors (14 kB each): documentation is small and searched by hand, so that a table
 * of passages, as sessions have one, would save nothing.
 */
export const docEmbeddings = defineTable({
  docPageId: v.id("docPages"),
  chunk: v.number(),
  text: v.string(),
  embedding: vVector,
  textHash: v.string(),
})
  .index("by_doc_page", ["docPageId", "chunk"])
  .vectorIndex("by_embedding", vectorIndex);
