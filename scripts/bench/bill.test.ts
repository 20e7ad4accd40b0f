import { expect, test } from "vitest";
import { billOf, type Use } from "./bill.ts";
import { indexesOfTables } from "./indexes.ts";

const use: Use = {
  messages: 450,
  functionCalls: 1_000,
  httpActions: 500,
  embeddingActions: 10,
  bytesRead: 1_000,
  bytesWritten: 2_000,
  indexBytesWritten: 3_000,
  embeddingTokens: 5,
  stored: {
    messages: { rows: 450, bytes: 45_000 },
    sessions: { rows: 1, bytes: 1_500 },
    apiLogs: { rows: 500, bytes: 100_000 },
  },
};
const indexes = {
  messages: { ordered: 2, text: 1, vector: 0 },
  sessions: { ordered: 3, text: 1, vector: 0 },
  apiLogs: { ordered: 1, text: 0, vector: 0 },
};

test("each index is billed as a copy of its whole table, search indexes as search storage", () => {
  const bill = billOf(use, indexes);
  const rows = Object.fromEntries(bill.tables.map(({ table, billed }) => [table, billed]));
  expect(rows).toEqual({
    messages: 4_500_000 * 4,
    sessions: 300 * 1_500 * 5,
    apiLogs: expect.closeTo((10_000_000 * 7 * 2) / 30, 3) as number,
  });
  expect(bill.searchStorageBytes).toBe(4_500_000 + 450_000);
  expect(bill.billedBytes).toBeCloseTo(
    Object.values(rows).reduce((sum, bytes) => sum + bytes, 0),
    3,
  );
});

test("index entries count as database I/O", () => {
  expect(billOf(use, indexes).ioBytes).toBe(100 * (1_000 + 2_000 + 3_000));
});

test("a search is billed by the size of the text indexes", () => {
  const bill = billOf(use, indexes);
  expect(bill.queryGb).toBeCloseTo((220 * 4_950_000) / 1e9, 9);
});

test("tables with large rows have exactly the indexes that the bill assumes", () => {
  const { messages, parts, messageEmbeddings, sessionEmbeddings, passages, apiLogs } =
    indexesOfTables();
  expect({ messages, parts, messageEmbeddings, sessionEmbeddings, passages, apiLogs }).toEqual({
    messages: { ordered: 2, text: 1, vector: 0 },
    parts: { ordered: 1, text: 1, vector: 0 },
    messageEmbeddings: { ordered: 0, text: 0, vector: 1 },
    sessionEmbeddings: { ordered: 0, text: 0, vector: 1 },
    passages: { ordered: 2, text: 0, vector: 0 },
    apiLogs: { ordered: 1, text: 0, vector: 0 },
  });
});
