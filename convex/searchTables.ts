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

/** Tables for search: derived words, vectors, and the documentation. Part of `schema.ts`. */

/**
 * Words that readers of a message see but that are missing from its index entries: attached to an escape
 * sequence or colour code, in another spelling, in text without spaces, too long, or emoji. In a row of `parts` with few
 * such words, they follow the content (`wordChars`); the words of other stored rows are here. `order` and `piece`
 * identify the row of `parts`; without them, it is the message's own text. A table of its own, because an index is
 * billed as a copy of its whole table. Written by `model/search/searchTexts.ts` with the message; read by full-text
 * search.
 */
export const searchTexts = defineTable({
  ...ofMessage,
  /** The message's order key, to find its rows in `parts`. */
  orderKey: v.string(),
  ...searchTextFields,
})
  // Replaces a message's rows; deletion of the session.
  .index("by_session_and_message", ["sessionId", "messageId"])
  .searchIndex("search_text", { searchField: "text", filterFields: ["userId"] });

/**
 * One vector per session (of its title, project and first prompt). Written by `model/embedding/embeddings.ts`;
 * read only by vector search, because a vector is 13.8 kB. A hit is looked up by its id in `sessions`.
 */
export const sessionEmbeddings = defineTable({
  ...ofSession,
  embedding: vVector,
  textHash: v.string(),
})
  // Semantic search. No other index, because each costs 14 kB per row; deletion uses `sessions.embeddingId`.
  .vectorIndex("by_embedding", { ...vectorIndex, filterFields: ["userId"] });

/**
 * Vectors of messages: one per turn (a prompt with the answers to it, or a series of answers), several for a
 * long turn, stored with the turn's first message. Written and read like `sessionEmbeddings`; a hit is looked
 * up by its id in `passages`.
 */
export const messageEmbeddings = defineTable({ ...ofMessage, embedding: vVector })
  // Semantic search. No other index; deletion uses `passages.embeddingId`.
  .vectorIndex("by_embedding", { ...vectorIndex, filterFields: ["userId"] });

/**
 * The text of each vector of `messageEmbeddings`, with the turn's first message and its order key, the index
 * in a long turn (`chunk` 0, 1, …), and the `textHash` of the whole turn. A table of its own: in the vector's
 * row, every read would cost 13.8 kB more, and in `messages`, embedding would read and write the message
 * again. Written by `model/embedding/embeddings.ts` in one transaction with the vectors; read by search to
 * show a hit, and by `model/embedding/staleRange.ts` to find what is already embedded.
 */
export const passages = defineTable({
  ...ofMessage,
  orderKey: v.string(),
  chunk: v.number(),
  text: v.string(),
  textHash: v.string(),
  embeddingId: v.id("messageEmbeddings"),
})
  // Finds what is embedded of a range of the conversation; deletion of the session.
  .index("by_session_and_order_key", ["sessionId", "orderKey", "chunk"])
  // Finds the passage of a semantic search hit.
  .index("by_embedding", ["embeddingId"]);

/**
 * Documentation pages, public. Written by `scripts/syncDocs.ts` through `model/docs/docs.ts`. `slug` is
 * unique; `contentHash` lets a sync skip unchanged pages.
 */
export const docPages = defineTable({
  ...docPageFields,
  updatedAt: v.number(),
  /** `contentHash` of the content that was embedded; absent until then. */
  embeddedHash: v.optional(v.string()),
})
  .index("by_slug", ["slug"])
  .index("by_embedded_hash", ["embeddedHash"])
  .searchIndex("search_title", { searchField: "title" })
  .searchIndex("search_content", { searchField: "content" });

/**
 * Vectors of documentation sections. Written by `model/docs/docs.ts`. Search reads the few rows it shows with
 * their vectors (14 kB each). Documentation is small and rarely searched, so a separate table for the texts,
 * like `passages`, would save nothing.
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
