import { describe, expect, test, vi } from "vitest";
import * as Sync from "../model/sync/upsertMany";
import { deployment, eachTestAt, person, read, rows, type SessionPage } from "../test.setup";

/** Answers of the sync endpoints if their transactions fail. */

vi.mock("../model/sync/upsertMany", { spy: true });
eachTestAt(Date.UTC(2026, 0, 22, 12));

const message = (externalId: string) => ({
  sessionExternalId: "s",
  externalId,
  textContent: externalId,
});

/** Makes transactions with this session or message fail with a message until the test ends. */
async function failAt(externalId: string, words: string) {
  const actual = await vi.importActual<typeof Sync>("../model/sync/upsertMany");
  vi.spyOn(Sync, "upsertMany").mockImplementation(async (ctx, user, chunk) => {
    const given = [...chunk.sessions, ...chunk.messages];
    if (given.some((one) => one.externalId === externalId)) throw new Error(words);
    return await actual.upsertMany(ctx, user, chunk);
  });
}

test("a failure that the request did not cause is 503 with a retry time, and a retry succeeds", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const words = 'Documents read from or written to the "sessions" table changed';
  await failAt("b", words);
  const t = deployment();
  const ada = await person(t);
  for (const send of [
    () => ada.post("/sync/batch", { messages: ["a", "b", "c"].map(message) }),
    () => ada.post("/sync/message", message("b")),
  ]) {
    const answer = await send();
    expect(answer.status).toBe(503);
    expect(answer.headers.get("Retry-After")).toBe("5");
    const { code, message: shown, requestId } = await read(answer);
    expect({ code, shown }).toEqual({
      code: "UNAVAILABLE",
      shown: "Temporarily unable to store the data; send it again",
    });
    expect(console.error).toHaveBeenLastCalledWith(
      `Not stored: ${String(requestId)}`,
      expect.objectContaining({ message: words }),
    );
  }
  vi.mocked(Sync.upsertMany).mockRestore();
  const answer = await read(ada.post("/sync/batch", { messages: ["a", "b", "c"].map(message) }));
  expect(answer).toMatchObject({ messages: 3, results: { messages: { inserted: 3 } } });
  const lines = (await rows(t, "apiLogs")).map(({ statusCode }) => statusCode);
  expect(lines).toEqual([503, 503, 200]);
});

test("a failure that passes is tried again, and the client does not notice it", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const words = 'Documents read from or written to the "sessions" table changed';
  vi.spyOn(Sync, "upsertMany").mockRejectedValueOnce(new Error(words));
  const t = deployment();
  const ada = await person(t);
  expect((await ada.post("/sync/message", message("a"))).status).toBe(200);
  expect(await rows(t, "messages")).toHaveLength(1);
});

describe("an item that is too large for a transaction does not affect other items, at any position", () => {
  test.each([
    ["0", "Too many bytes read in a single function execution (limit: 16777216 bytes)."],
    ["4", "Too many reads in a single function execution (limit: 4096)."],
    ["6", "Function arguments is too large: 26403820 bytes, the maximum is 16777216 bytes"],
  ])("%s: %s", async (bad, words) => {
    await failAt(bad, words);
    const t = deployment();
    const ada = await person(t);
    const ids = ["0", "1", "2", "3", "4", "5", "6"];
    const answer = await read(ada.post("/sync/batch", { messages: ids.map(message) }));
    expect(answer).toMatchObject({
      messages: 6,
      errors: [`messages[${bad}]: is too large, together with what is stored of it`],
    });
    const { messages } = await read<SessionPage>(ada.get("/api/sessions/s"));
    expect(messages.map(({ externalId }) => externalId)).toEqual(ids.filter((id) => id !== bad));
    expect((await ada.post("/sync/message", message(bad))).status).toBe(413);
    expect((await ada.post("/sync/session", { externalId: bad })).status).toBe(413);
    const lines = (await rows(t, "apiLogs")).map(({ statusCode }) => statusCode);
    expect(lines).toEqual([200, 200, 413, 413]);
  });
});

test("items are stored in the order in which they were sent, even if transactions take fewer than they were given", async () => {
  const actual = await vi.importActual<typeof Sync>("../model/sync/upsertMany");
  vi.spyOn(Sync, "upsertMany").mockImplementation(async (ctx, user, chunk) => {
    const isTooMuch = chunk.messages.some(({ externalId }) => externalId === "bad");
    if (isTooMuch) throw new Error("Too many reads in a single function execution (limit: 4096).");
    return await actual.upsertMany(ctx, user, { ...chunk, messages: chunk.messages.slice(0, 1) });
  });
  const t = deployment();
  const ada = await person(t);
  const ids = ["twice", "1", "2", "twice", "bad", "5", "twice", "7"];
  const messages = ids.map((id, n) => ({ ...message(id), textContent: `version ${n}` }));
  const answer = await read(ada.post("/sync/batch", { messages }));
  expect(answer).toMatchObject({ results: { messages: { inserted: 5, updated: 2 } } });
  const { messages: stored } = await read<SessionPage>(ada.get("/api/sessions/s"));
  const texts = Object.fromEntries(stored.map((one) => [one.externalId, one.textContent]));
  expect(texts).toEqual({
    ...{ twice: "version 6", "1": "version 1", "2": "version 2" },
    ...{ "5": "version 5", "7": "version 7" },
  });
  expect(await rows(t, "apiLogs")).toHaveLength(2);
});
