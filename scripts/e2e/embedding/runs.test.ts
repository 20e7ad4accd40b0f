import { expect, test } from "vitest";
import { internal } from "../../../convex/_generated/api";
import { rows } from "../../../convex/test.setup";
import { answer, respond, vectorOf } from "./server.fixture";
import { ada, clock, eachTestWithProvider, HOUR, server, t } from "./world.fixture";

/** Embedding runs in several steps: sessions too long for one read, and sessions that change meanwhile. */

eachTestWithProvider();

const prompt = (sessionExternalId: string, at: number, textContent: string) => ({
  ...{ sessionExternalId, externalId: `m${at}`, role: "user", textContent },
  createdAt: Date.UTC(2026, 0, 22, 11) + at * 1_000,
});

async function sync(messages: object[]): Promise<void> {
  for (let at = 0; at < messages.length; at += 500) {
    const answer = await ada.post("/sync/batch", { messages: messages.slice(at, at + 500) });
    expect(answer.status).toBe(200);
  }
}

const jobs = async () => {
  const all = await t.run(({ db }) => db.system.query("_scheduled_functions").collect());
  return all.filter(({ name }) => name === "embed:sessions").length;
};

test("a session of more messages than three reads return is embedded whole by the same run as a short one", async () => {
  await sync([prompt("short", 0, "the only question of a short session")]);
  await clock.advance(t, HOUR);
  const jobsOfShort = await jobs();
  const long = Array.from({ length: 1_100 }, (_, n) => prompt("long", n, `prompt ${n} is its own`));
  await sync(long);
  await clock.advance(t, HOUR);
  const texts = (await rows(t, "passages")).map(({ text }) => text).sort();
  expect(texts).toEqual(
    [...long.map(({ textContent }) => textContent), "the only question of a short session"].sort(),
  );
  expect(server.requests.flatMap(({ input }) => input)).toHaveLength(new Set(texts).size + 2);
  expect((await jobs()) - jobsOfShort).toBe(jobsOfShort);
}, 60_000);

test("a session that is refreshed while it is embedded is embedded again, with what changed", async () => {
  await sync([
    prompt("s", 0, "why does the upload fail so often"),
    prompt("s", 1, "and what about the deployment tests"),
  ]);
  const [{ _id: sessionId } = expect.fail("no session")] = await rows(t, "sessions");
  server.faults.push((response, request) => {
    void sync([prompt("s", 0, "why does the download fail so often")])
      .then(() => t.mutation(internal.sessions.refresh, { sessionId }))
      .then(() => {
        respond(200, answer(request.input))(response, request);
      });
  });
  await clock.advance(t, HOUR);
  const passages = await rows(t, "passages");
  expect(passages.map(({ text }) => text).sort()).toEqual([
    "and what about the deployment tests",
    "why does the download fail so often",
  ]);
  const vectors = await rows(t, "messageEmbeddings");
  for (const { text, embeddingId } of passages) {
    const own = vectors.find(({ _id }) => _id === embeddingId);
    expect(own?.embedding).toEqual(vectorOf(text));
  }
  const [session] = await rows(t, "sessions");
  expect(session).not.toHaveProperty("staleFrom");
  expect(session).not.toHaveProperty("embedDueAt");
});
