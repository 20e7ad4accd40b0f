import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";
import { browserOf, largeMessage, longSession, PAGE_MAX_BYTES, readToTheEnd } from "./pageReads.ts";

/** An engine that ends when its functions run out of a deployment's 64 MiB. */
let engine: TestEngine;
let ada: TestUser;

beforeAll(async () => {
  const env = { RATE_LIMIT_READ: "off" };
  engine = await startTestEngine({ env, heapMiB: 64, measuresHeap: false, embeddings: false });
  ada = await engine.createUser();
}, 60_000);
afterAll(() => engine.stop());

async function store(batches: readonly object[]): Promise<void> {
  for (const json of batches) {
    const answer = await engine.request("/sync/batch", { method: "POST", key: ada.apiKey, json });
    expect(answer.status).toBe(200);
  }
  await engine.settle(300_000);
  engine.resetPeaks();
}

/** A page is made from at most a mebibyte of messages, and reads little beside them. */
const READ_MAX_BYTES = 2.6 * 1024 * 1024;
const largeReads = () => engine.peaks().filter(({ bytesRead }) => bytesRead > READ_MAX_BYTES);

/** Enough that their rows exceed the 4,000 that one page of a session may read. */
const MESSAGES = 1_800;

test("a session of 1,800 messages is read in pages below 300 kB, each message once, and a shared one too", async () => {
  await store(longSession("long", MESSAGES));
  const read = await browserOf(engine.url, ada.apiKey);
  const share = { method: "PATCH", key: ada.apiKey, json: { isPublic: true } };
  const answer = await engine.request("/api/sessions/long", share);
  const { publicSlug } = (await answer.json()) as { publicSlug: string };
  const own = await readToTheEnd(read, "/sessions/long");
  const shared = await readToTheEnd(read, `/s/${publicSlug}`);
  for (const pages of [own, shared]) {
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThan(PAGE_MAX_BYTES);
    const seen = pages.flatMap(({ html }) =>
      Array.from(html.matchAll(/<p>Message (\d+)\./g), ([, n]) => Number(n)),
    );
    expect(seen).toEqual(Array.from({ length: MESSAGES }, (_, n) => n));
  }
  expect(largeReads()).toEqual([]);
}, 300_000);

test("a session with a message of 7 MB is read in pages below 300 kB, which say what they leave out", async () => {
  await store([largeMessage("large", 7_000_000)]);
  const pages = await readToTheEnd(await browserOf(engine.url, ada.apiKey), "/sessions/large");
  expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThan(PAGE_MAX_BYTES);
  const notes = pages.flatMap(({ html }) =>
    Array.from(html.matchAll(/Export the session to see all|MB more of/g), ([note]) => note),
  );
  expect(notes).toEqual(["Export the session to see all", "MB more of"]);
  expect(largeReads()).toEqual([]);
}, 300_000);
