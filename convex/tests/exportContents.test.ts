import { expect, test } from "vitest";
import { internal } from "../_generated/api";
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
