import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import { ByteChunks } from "../lib/jsonStream";
import { PortionJoiner } from "../lib/sessions/portions";
import { deployment, eachTestAt, person, read, settle } from "../test.setup";

/** A long message is read in portions. Nobody gets portions of two deliveries as one message. */

eachTestAt(Date.UTC(2026, 0, 22, 12));

const OLD = "o".repeat(2_500_000);
const NEW = "n".repeat(2_000_000);

async function withMessage() {
  const t = deployment();
  const ada = await person(t);
  const deliver = (parts: unknown[]) =>
    ada.post("/sync/message", { sessionExternalId: "s", externalId: "m", role: "user", parts });
  const write = async (text: string) => {
    expect((await deliver([{ type: "tool-result", content: text }])).status).toBe(200);
  };
  await write(OLD);
  await settle(t);
  const { sessions } = await read<{ sessions: { id: string }[] }>(ada.get("/api/sessions"));
  return { t, ada, write, deliver, sessionId: sessions[0]?.id ?? "" };
}

/** Runs `work` once, when the first portion of a message has been read. */
function afterFirstPortion(work: () => Promise<unknown>): () => Promise<unknown> {
  // Hashing in another thread would let the reader go first.
  vi.spyOn(crypto.subtle, "digest").mockImplementation((_, data) =>
    Promise.resolve(new Uint8Array(sha256(new Uint8Array(data as ArrayBuffer))).buffer),
  );
  let done: Promise<unknown> | undefined;
  for (const reader of [ByteChunks.prototype, PortionJoiner.prototype]) {
    const { add } = reader as unknown as { add: (this: unknown, ...args: unknown[]) => unknown };
    vi.spyOn(reader, "add").mockImplementation(function (this: unknown, ...args: unknown[]) {
      const [added] = args;
      if (typeof added !== "string" || added.includes("ooo")) done ??= work();
      return add.apply(this, args) as undefined;
    });
  }
  return async () => await done;
}

const CHANGED = /was replaced or deleted while it was read/;

test.each([
  ["/api/sessions/s", "a session"],
  ["/api/messages/m", "a message"],
  ["/api/export?id=s&format=json", "a complete export"],
  ["/api/export?id=s&format=markdown", "an interpreted export"],
])(
  "GET %s: %s whose message is replaced meanwhile is 503 once, and then the new one",
  async (path) => {
    const { ada, deliver } = await withMessage();
    const written = afterFirstPortion(() =>
      deliver([{ type: "tool-result", content: "the short new text" }]),
    );
    const answer = await ada.get(path);
    await written();
    expect(answer.status).toBe(503);
    expect(answer.headers.get("Retry-After")).toBe("1");
    expect(await answer.text()).toMatch(CHANGED);
    const again = await ada.get(path);
    expect(again.status).toBe(200);
    const text = await again.text();
    expect([text.includes("the short new text"), text.includes("ooo")]).toEqual([true, false]);
  },
);

test("a page of the dashboard inside of a message ends with an error when the message is replaced", async () => {
  const { ada, write, sessionId } = await withMessage();
  const first = await ada.dashboard.query(api.sessions.get, { sessionId });
  const cursor = first?.messagesCursor ?? expect.fail("the message is one page");
  await write(NEW);
  await expect(ada.dashboard.query(api.sessions.get, { sessionId, cursor })).rejects.toThrow(
    CHANGED,
  );
});

test("so do the pages of an export and of a shared session", async () => {
  const { t, ada, write, sessionId } = await withMessage();
  const page = (position: string | null) =>
    ada.dashboard.query(internal.evals.exportPage, {
      ...{ caller: { kind: "token" }, selection: { sessionIds: [sessionId] }, position },
    });
  const { next } = await page(null);
  const { publicSlug: slug = "" } = await ada.dashboard.mutation(api.sessions.setVisibility, {
    ...{ sessionId, isPublic: true },
  });
  const { rest } = await t.query(internal.shared.page, { slug, position: null });
  expect([next === null, rest === null]).toEqual([false, false]);
  await write(NEW);
  await expect(page(next)).rejects.toThrow(CHANGED);
  await expect(t.query(internal.shared.page, { slug, position: rest })).rejects.toThrow(CHANGED);
});

test("the same delivery again changes nothing for whoever is reading", async () => {
  const { ada, write, sessionId } = await withMessage();
  const first = await ada.dashboard.query(api.sessions.get, { sessionId });
  await write(OLD);
  const cursor = first?.messagesCursor ?? expect.fail("the message is one page");
  const second = await ada.dashboard.query(api.sessions.get, { sessionId, cursor });
  expect(second?.messages).toHaveLength(1);
});
