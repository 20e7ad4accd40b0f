import { describe, expect, test } from "vitest";
import { internal } from "../_generated/api";
import { formats } from "../exports";
import { readCursor, writeCursor } from "../lib/cursor";
import { sha256 } from "../lib/hash";
import {
  allPages,
  conversation,
  deployment,
  eachTestAt,
  person,
  read,
  settle,
  type Deployment,
  type Person,
} from "../test.setup";

/** What later pages and answers of an export contain, and what an export says that it leaves out. */

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;
eachTestAt(NOW);

async function setUp() {
  const t = deployment();
  return { t, ada: await person(t) };
}

/** The pages of an export, as the HTTP layer reads them. */
async function pagesOf(t: Deployment, who: Person, selection: { all: boolean; model?: string }) {
  const caller = { kind: "key", hash: await sha256(who.apiKey), prefix: "osk_" } as const;
  return await allPages(
    (position) =>
      t.query(internal.evals.exportPage, { caller, selection, position: position ?? null }),
    ({ next }) => next,
  );
}

test("every message of a session that takes several pages comes with the session's review", async () => {
  const { t, ada } = await setUp();
  const texts = Array.from({ length: 4 }, (_, n) => `text ${n} `.padEnd(400_000, "x"));
  await ada.post("/sync/batch", conversation("s", texts, { createdAt: NOW - HOUR }));
  const review = { expectedOutput: "forty-two", evalNotes: "slow" };
  expect((await ada.send("PATCH", "/api/sessions/s", review)).status).toBe(200);
  const pages = await pagesOf(t, ada, { all: true });
  expect(pages.flatMap(({ pieces }) => pieces).length).toBeGreaterThanOrEqual(2);
  const csv = await (await ada.get("/api/export?id=s&format=csv")).text();
  expect(csv.match(/,slow,forty-two,\d,s-\d,/g)).toHaveLength(texts.length);
});

describe("an export that continues inside a session", () => {
  const texts = (id: string) =>
    Array.from({ length: 4 }, (_, n) => `${id} says ${n} `.padEnd(300_000, "x"));

  async function begun() {
    const { t, ada } = await setUp();
    for (const [hours, id] of ["a", "b", "c"].entries()) {
      const began = { createdAt: NOW - (2 + hours) * HOUR };
      await ada.post("/sync/batch", conversation(id, texts(id), began));
    }
    await settle(t);
    const caller = { kind: "key", hash: await sha256(ada.apiKey), prefix: "osk_" } as const;
    const page = (
      selection: { sessionIds: string[] } | { all: boolean },
      position: string | null,
    ) => t.query(internal.evals.exportPage, { caller, selection, position });
    /** Reads all pages from a position; tells the messages in order. */
    const messagesFrom = async (
      selection: { sessionIds: string[] } | { all: boolean },
      start: string | null,
    ) => {
      const pages = await allPages(
        (position) => page(selection, position ?? start),
        ({ next }) => next,
      );
      const pieces = pages.flatMap((one) => one.pieces);
      return pieces.flatMap(({ messages }) => messages.map(({ externalId }) => externalId));
    };
    return { t, ada, page, messagesFrom };
  }

  test("reads on in the same session where the list has grown before it", async () => {
    const { page, messagesFrom } = await begun();
    const list = (...sessionIds: string[]) => ({ sessionIds });
    const { next } = await page(list("b", "c"), null);
    const expected = await messagesFrom(list("b", "c"), next);
    expect(expected).toContain("b-3");
    expect(expected).not.toContain("b-0");
    expect(await messagesFrom(list("a", "b", "c"), next)).toEqual(expected);
  });

  test("begins the next session where its own is gone from the list", async () => {
    const { page, messagesFrom } = await begun();
    const { next } = await page({ sessionIds: ["a", "b", "c"] }, null);
    expect(await messagesFrom({ sessionIds: ["b", "c"] }, next)).toEqual(
      ["b", "c"].flatMap((id) => texts(id).map((_, n) => `${id}-${n}`)),
    );
  });

  test("reads on in a session that starts earlier by now", async () => {
    const { t, ada, page, messagesFrom } = await begun();
    const { next } = await page({ all: true }, null);
    const expected = await messagesFrom({ all: true }, next);
    const early = { externalId: "early", textContent: "early", createdAt: NOW - 2 * HOUR - 1_000 };
    await ada.post("/sync/message", { sessionExternalId: "a", role: "user", ...early });
    await settle(t);
    expect(await messagesFrom({ all: true }, next)).toEqual(expected);
    // By this, an answer knows the page of which the one before it has written some messages.
    expect((await page({ all: true }, next)).pieces[0]?.position).toBe(next);
  });
});

test("a query of an export reads a bounded number of sessions that a filter excludes, and the export ends", async () => {
  const { t, ada } = await setUp();
  const fields = { source: "pi", createdAt: NOW - HOUR };
  await ada.post("/sync/session", { externalId: "common", ...fields });
  await ada.post("/sync/session", {
    externalId: "rare",
    source: "pi",
    model: "rare",
    createdAt: 1,
  });
  await t.run(async (ctx) => {
    const sessions = await ctx.db.query("sessions").collect();
    const common = sessions.find(({ externalId }) => externalId === "common");
    if (common === undefined) throw new Error("the session is not stored");
    const { _id, _creationTime, ...row } = common;
    for (let n = 0; n < 1_050; n++)
      await ctx.db.insert("sessions", { ...row, externalId: `s${n}` });
  });
  const pages = await pagesOf(t, ada, { all: true, model: "rare" });
  expect(pages).toHaveLength(3);
  const found = pages.flatMap(({ pieces }) => pieces.map(({ head }) => head.externalId));
  expect(found).toEqual(["rare"]);
  const whole = await ada.get("/api/export?all=true&format=sharegpt");
  expect(whole.headers.get("X-Export-Sessions")).toBe("1052");
});

test("many ids that belong to no session are counted in a header, and some of them named", async () => {
  const { ada } = await setUp();
  const sessionIds = Array.from({ length: 25 }, (_, n) => `none${n}`);
  const answer = await ada.post("/api/export", { sessionIds, format: "json" });
  const unknown = answer.headers.get("X-Export-Unknown") ?? "";
  expect(unknown).toMatch(/^25; ids="none0 none1 /);
  expect(unknown.match(/none\d+/g)).toHaveLength(20);
});

test("a tree larger than one query reads is refused, and not exported without some of its sessions", async () => {
  const { t, ada } = await setUp();
  await ada.post("/sync/session", { externalId: "top" });
  await t.run(async ({ db }) => {
    const [top = expect.fail()] = await db.query("sessions").collect();
    const { _id, _creationTime, ...row } = top;
    const own = { ...row, parentExternalId: "top", searchableText: "x".repeat(900_000) };
    for (let n = 0; n < 8; n++) await db.insert("sessions", { ...own, externalId: `s${n}` });
  });
  const answer = await ada.get("/api/export?id=top&include_children=true&format=json");
  expect([answer.status, JSON.stringify(await read(answer))]).toEqual([
    400,
    expect.stringContaining("include_children"),
  ]);
});

test("a cursor of an earlier version, without the id of its export, continues it", async () => {
  const { t, ada } = await setUp();
  for (const [hours, id] of ["new", "old"].entries()) {
    const began = { createdAt: NOW - (1 + hours) * HOUR };
    await ada.post("/sync/batch", conversation(id, [`question ${id}`, `answer ${id}`], began));
  }
  await settle(t);
  const [page] = await pagesOf(t, ada, { all: true });
  const position = page?.pieces[1]?.position ?? "";
  const answer = (values: (string | number)[]) =>
    ada.get(`/api/export?all=true&format=text&limit=2&cursor=${writeCursor(values)}`);
  for (const values of [
    [position, 1, 1],
    [position, 1, 1, "0123"],
  ]) {
    const text = await (await answer(values)).text();
    expect(text).toContain("answer old");
    expect(text).not.toMatch(/question|answer new/);
  }
  const wrong = await answer([position, 1]);
  expect([wrong.status, (await read(wrong))["code"]]).toEqual([400, "INVALID_REQUEST"]);
  expect(readCursor(position, ["number"])).toBeUndefined();
});

test("an anonymised export has no name that an unverified address reveals", async () => {
  const { t, ada } = await setUp();
  await t.run((ctx) =>
    ctx.db.patch("users", ada.userId, { email: undefined, unverifiedEmail: "hopper@navy.mil" }),
  );
  await ada.post("/sync/batch", conversation("s", ["ask hopper, or call"]));
  const text = await (await ada.get("/api/export?id=s&format=json&anonymize=true")).text();
  expect(text).toContain("or call");
  expect(text).not.toContain("hopper");
});

test.each(Object.keys(formats))(
  "an anonymised export as %s has no user name or secret in any field that a plugin sent",
  async (format) => {
    const { t, ada } = await setUp();
    const id = "/Users/janeroe/logs/checkout";
    const token = `ghp${"_"}${"a1B2".repeat(9)}`;
    const told = (name: string) => `/home/janeroe/${name} ${token}`;
    const fields = {
      model: "/Users/janeroe/models/llama-3.gguf",
      provider: told("provider"),
      parentExternalId: "/Users/janeroe/logs/parent",
    };
    const own = {
      gitCommit: told("commit"),
      agentVersion: told("version"),
      relation: told("fork"),
    };
    const turn = (externalId: string, role: string, more: object) => ({
      ...{ sessionExternalId: id, externalId: `/Users/janeroe/${externalId}`, role, ...fields },
      ...{ source: "janeroe's tool", apiMessageId: told("response"), ...more },
    });
    await ada.post("/sync/batch", {
      sessions: [{ externalId: id, source: "janeroe's tool", ...own, ...fields }],
      messages: [
        turn("m", "user", { textContent: "What is in /Users/janeroe/logs?" }),
        turn("n", "assistant", {
          textContent: "A checkout.",
          parts: [
            { type: "text", content: "A checkout." },
            { type: "/home/janeroe/part", content: "shown" },
          ],
        }),
      ],
    });
    await settle(t);
    const query = `/api/export?id=${encodeURIComponent(id)}&format=${format}`;
    const open = await (await ada.get(query)).text();
    expect(open).toMatch(/checkout/i);
    const answer = await ada.get(`${query}&anonymize=true`);
    expect(answer.headers.get("Content-Disposition")).not.toContain("janeroe");
    const text = await answer.text();
    expect(text).toMatch(/checkout/i);
    expect(text.match(/.{0,60}(?:janeroe|ghp_).{0,20}/g)).toBeNull();
    // What a field says about nobody stays, so that cases and models can still be told apart.
    if (open.includes("llama-3")) expect(text).toContain("llama-3");
  },
);

test("an export names the messages of which it contains only the beginning", async () => {
  const { ada } = await setUp();
  const texts = ["short", `begin ${"word ".repeat(250_000)} end-of-text`];
  expect((await ada.post("/sync/batch", conversation("s", texts))).status).toBe(200);
  const interpreted = await ada.get("/api/export?id=s&format=csv");
  expect(interpreted.headers.get("X-Export-Cut")).toMatch(/^1; messages="s-1"; reason=/);
  expect(await interpreted.text()).not.toContain("end-of-text");
  const copied = await ada.get("/api/export?id=s&format=json");
  expect(copied.headers.get("X-Export-Cut")).toBeNull();
  expect(await copied.text()).toContain("end-of-text");
});
