import { expect, test, vi } from "vitest";
import { internal } from "../../../convex/_generated/api";
import { pause } from "../../../convex/lib/pause";
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

/** Counts the runs that follow no failure. On a busy machine the provider may answer too late. */
const jobs = async () => {
  const all = await t.run(({ db }) => db.system.query("_scheduled_functions").collect());
  const runs = all.filter(({ name }) => name === "embed:sessions");
  return runs.filter(({ args: [first] }) => (first as { failures: number }).failures === 0).length;
};

test("a session of more messages than three reads return is embedded whole by one run, as are those that share it, even if the provider fails at first", async () => {
  vi.stubEnv("OPENAI_API_KEY", "");
  const long = Array.from({ length: 1_100 }, (_, n) => prompt("long", n, `prompt ${n} is its own`));
  const others = ["short", "last"].map((name) => prompt(name, 0, `the only question of ${name}`));
  await sync([...long, ...others]);
  await clock.advance(t, HOUR);
  vi.stubEnv("OPENAI_API_KEY", "test");
  server.faults.push(respond(503, {}, { "retry-after-ms": "1" }));
  await t.mutation(internal.embeddings.backfill, {});
  await clock.advance(t, HOUR);
  const passages = await rows(t, "passages");
  const texts = [...long, ...others].map(({ textContent }) => textContent).sort();
  expect(passages.map(({ text }) => text).sort()).toEqual(texts);
  const sent = server.requests.slice(1).flatMap(({ input }) => input);
  expect(sent).toHaveLength(texts.length + 3);
  expect(await jobs()).toBe(1);
  const vectors = new Map((await rows(t, "messageEmbeddings")).map((one) => [one._id, one]));
  for (const { text, embeddingId } of passages) {
    expect(vectors.get(embeddingId)?.embedding).toEqual(vectorOf(text));
  }
  expect(await rows(t, "sessionEmbeddings")).toHaveLength(3);
}, 60_000);

test("a run that fails between two batches of vectors is followed by one that makes the others", async () => {
  const prompts = Array.from({ length: 60 }, (_, n) => prompt("s", n, `prompt ${n} is its own`));
  await sync(prompts);
  vi.mocked(pause.forMs).mockRejectedValueOnce(new Error("The run was lost"));
  await clock.advance(t, HOUR);
  const texts = (await rows(t, "passages")).map(({ text }) => text).sort();
  expect(texts).toEqual(prompts.map(({ textContent }) => textContent).sort());
  expect(server.requests.flatMap(({ input }) => input).length).toBeLessThan(2 * 60);
});

test("a turn that may still grow is looked at again when its conversation is quiet, and not before", async () => {
  await sync([prompt("s", 0, "why does the upload fail so often")]);
  await clock.advance(t, HOUR);
  await sync([prompt("s", 3_000, "and what about the deployment tests")]);
  await clock.advance(t, HOUR);
  expect(await rows(t, "passages")).toHaveLength(2);
  // For each message, a run after the burst, and one when nothing more has come.
  expect(await jobs()).toBe(4);
});

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

test("a back-fill of all that comes while a session is embedded embeds it again by the new model", async () => {
  const text = "why does the upload fail so often";
  await sync([prompt("s", 0, text)]);
  // The first request is for the session's own text, because the turn may still grow.
  server.faults.push(undefined, (response, request) => {
    expect(request.input).toEqual([text]);
    vi.stubEnv("OPENAI_EMBEDDING_MODEL", "another-model");
    void t.mutation(internal.embeddings.backfill, { all: true }).then(() => {
      respond(200, answer(request.input))(response, request);
    });
  });
  await clock.advance(t, HOUR);
  const later = server.requests.filter(({ model }) => model === "another-model");
  expect(later.flatMap(({ input }) => input)).toContain(text);
});
