import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { PAGE_STYLE } from "../pages/style";
import { sha256Base64 } from "../lib/hash";
import { browser, HTML } from "./browser.fixture";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";

const NOON = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;
eachTestAt(NOON);

/** Stores and shares a session full of private data. */
async function shared() {
  const t = deployment();
  const ada = await person(t, "SECRET-mail@example.com");
  await ada.post("/sync/batch", {
    sessions: [
      {
        externalId: "SECRET-external",
        source: "pi",
        title: "The title",
        model: "claude-x",
        provider: "SECRET-provider",
        projectPath: "/SECRET/path",
        projectName: "SECRET-project",
        promptTokens: 77_777,
        cost: 7.7777,
      },
    ],
    messages: [
      {
        sessionExternalId: "SECRET-external",
        externalId: "SECRET-message",
        role: "user",
        textContent: "The <b>question</b>",
        model: "SECRET-model",
      },
    ],
  });
  const edits = {
    isPublic: true,
    evalReady: true,
    evalStatus: "golden",
    evalNotes: "SECRET-notes",
    evalTags: ["SECRET-tag"],
    expectedOutput: "SECRET-expected",
  };
  const path = "/api/sessions/SECRET-external";
  const { publicSlug, _id } = await read<{ publicSlug: string; _id: string }>(
    ada.send("PATCH", path, edits),
  );
  await settle(t);
  return { t, ada, path, slug: publicSlug, id: _id };
}

test("a shared session gets an unguessable slug, and keeps it", async () => {
  const { ada, path, slug } = await shared();
  await ada.post("/sync/session", { externalId: "another" });
  const other = await read(ada.send("PATCH", "/api/sessions/another", { isPublic: true }));
  for (const one of [slug, other.publicSlug]) expect(one).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(other.publicSlug).not.toBe(slug);
  const hidden = await read(ada.send("PATCH", path, { isPublic: false }));
  expect(hidden).not.toHaveProperty("publicSlug");
  expect(hidden).not.toHaveProperty("publicUrl");
  expect(await read(ada.send("PATCH", path, { isPublic: true }))).toMatchObject({
    publicSlug: slug,
    publicUrl: expect.stringMatching(new RegExp(`^https?://.+/s/${slug}$`)) as string,
  });
});

test("a page states how many messages follow only once they are counted, and never a wrong number", async () => {
  const { t, ada, slug } = await shared();
  const said = Array.from({ length: 1_500 }, (_, at) => `Message ${at}`);
  const { sessions, messages } = conversation("SECRET-external", said);
  // More than a page of them is counted.
  await ada.post("/sync/batch", { sessions, messages: messages.slice(0, 1_200) });
  await settle(t);
  await ada.post("/sync/batch", { messages: messages.slice(1_200) });
  const more = async () => (await read<{ more: object }>(t.fetch(`/s/${slug}.json`))).more;
  const page = async () => await (await t.fetch(`/s/${slug}`)).text();
  expect(Object.keys(await more())).toEqual(["next"]);
  expect(await page()).toContain("Continue reading: more messages");
  await settle(t);
  expect(await more()).toMatchObject({ messages: 501 });
  expect(await page()).toContain("Continue reading: 501 more messages");
});

test("each page states how many messages follow it, up to the last", async () => {
  const { t, ada, path, slug } = await shared();
  // A page holds a mebibyte.
  const said = Array.from({ length: 9 }, (_, at) => `Message ${at} ${"x".repeat(400_000)}`);
  await ada.post("/sync/batch", conversation(decodeURIComponent(path.split("/")[3] ?? ""), said));
  await settle(t);
  const shown: number[] = [];
  const following: (number | undefined)[] = [];
  for (let next: string | undefined = `${slug}.json`; next !== undefined;) {
    const answer = await t.fetch(`/s/${next}`);
    next = /^<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1];
    const page = await read<{ messages: object[]; more?: { messages: number } | null }>(answer);
    shown.push(page.messages.length);
    following.push(page.more?.messages);
  }
  expect(shown.length).toBeGreaterThanOrEqual(4);
  const left = shown.map((_, at) => shown.slice(at + 1).reduce((sum, count) => sum + count, 0));
  expect(following.map((count) => count ?? 0)).toEqual(left);
});

describe.each(["", ".md", ".json"])("GET /s/:slug%s", (form) => {
  test("needs no key, and contains the conversation and nothing else", async () => {
    const { t, slug, id, ada } = await shared();
    const answer = await t.fetch(`/s/${slug}${form}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("X-Robots-Tag")).toBe("noindex, nofollow");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Referrer-Policy")).toBe("no-referrer");
    const text = await answer.text();
    expect(text).toContain("The title");
    expect(text).toContain("question");
    expect(text).not.toMatch(/SECRET|77.?777|7\.7777|golden/);
    expect(text).not.toContain(id);
    expect(text).not.toContain(ada.userId);
  });

  test("after unsharing, and after deletion, it answers 404", async () => {
    const { t, slug, ada, path } = await shared();
    await ada.send("PATCH", path, { isPublic: false });
    expect((await t.fetch(`/s/${slug}${form}`)).status).toBe(404);
    await ada.send("PATCH", path, { isPublic: true });
    expect((await t.fetch(`/s/${slug}${form}`)).status).toBe(200);
    await ada.send("DELETE", path, "");
    expect((await t.fetch(`/s/${slug}${form}`)).status).toBe(404);
  });
});

test("the JSON contains exactly the fields of the allow-list", async () => {
  const { t, slug } = await shared();
  expect(await read(t.fetch(`/s/${slug}.json`))).toEqual({
    title: "The title",
    source: "pi",
    model: "claude-x",
    createdAt: "2026-11-22T12:00:00.000Z",
    messages: [
      {
        role: "user",
        createdAt: "2026-11-22T12:00:00.000Z",
        parts: [{ type: "text", text: "The <b>question</b>" }],
      },
    ],
  });
});

test("the page allows its own style by hash and nothing else", async () => {
  const { t, slug } = await shared();
  const answer = await t.fetch(`/s/${slug}`);
  expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("Content-Security-Policy")).toBe(
    `default-src 'none'; style-src 'sha256-${await sha256Base64(PAGE_STYLE)}'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  const page = await answer.text();
  expect(page).toContain(`<style>${PAGE_STYLE}</style>`);
  expect(page).toContain("The &lt;b&gt;question&lt;/b&gt;");
});

test.each(["", "x", "..%2fx", "a.b.c", "%00", "undefined", "a".repeat(5_000)])(
  "/s/%s answers 404",
  async (slug) => {
    const { t } = await shared();
    expect((await t.fetch(`/s/${slug}`)).status).toBe(404);
  },
);

test("the pages of a long conversation contain each message once", async () => {
  const { t, ada, slug } = await shared();
  const messages = Array.from({ length: 60 }, (_, index) => ({
    sessionExternalId: "SECRET-external",
    externalId: `m${index}`,
    role: "user",
    textContent: `number-${index} `.padEnd(120_000, "x"),
    createdAt: Date.UTC(2026, 10, 22, 11, index),
  }));
  await ada.post("/sync/batch", { messages: messages.slice(0, 30) });
  await ada.post("/sync/batch", { messages: messages.slice(30) });
  const found: string[] = [];
  let path: string | undefined = slug;
  let pages = 0;
  while (path !== undefined && pages < 30) {
    const page = await (await t.fetch(`/s/${path}`)).text();
    found.push(...Array.from(page.matchAll(/number-\d+/g), ([name]) => name));
    path = /class="next" href="([^"]+)"/.exec(page)?.[1];
    pages++;
  }
  expect(pages).toBeGreaterThan(1);
  expect(found).toEqual(Array.from({ length: 60 }, (_, index) => `number-${index}`));
});

describe("a link with an expiry", () => {
  const until = async (expires: unknown) => {
    const world = await shared();
    const answer = await world.ada.send("PATCH", world.path, { expires });
    return { ...world, answer };
  };

  test.each([
    ["epoch ms", NOON + DAY_MS, NOON + DAY_MS],
    ["ISO 8601", "2026-11-23T12:00:00Z", NOON + DAY_MS],
    ["a day, to its end", "2026-11-23", Date.UTC(2026, 10, 24) - 1],
  ])("is set by %s, shown to its owner, and taken away by null", async (_, given, expires) => {
    const { t, ada, path, slug, answer } = await until(given);
    expect(await answer.json()).toMatchObject({ isPublic: true, publicSlug: slug, expires });
    expect(await read(ada.get(path))).toMatchObject({ expires });
    const endless = await read(ada.send("PATCH", path, { expires: null }));
    expect(endless).not.toHaveProperty("expires");
    vi.setSystemTime(NOON + 3 * DAY_MS);
    await settle(t);
    expect((await t.fetch(`/s/${slug}`)).status).toBe(200);
  });

  test("shows nothing to anyone from then on, even if the job that ends it is late", async () => {
    const { t, ada, path, slug } = await until(NOON + 3_600_000);
    const page = `/s/${slug}`;
    const asDashboard = () => t.query(api.sessions.getPublic, { slug });
    vi.setSystemTime(NOON + 3_599_999);
    for (const form of ["", ".md", ".json"]) {
      expect((await t.fetch(page + form)).status).toBe(200);
    }
    expect(await asDashboard()).not.toBeNull();
    vi.setSystemTime(NOON + 3_600_000);
    const unknown = await (await t.fetch("/s/unknown", { headers: HTML })).text();
    for (const form of ["", ".md", ".json", "?after=WyIiLDBd"]) {
      const answer = await t.fetch(page + form);
      expect(answer.status).toBe(404);
      expect(await answer.text()).not.toMatch(/title|question/);
    }
    const lost = await (await t.fetch(page, { headers: HTML })).text();
    const withoutId = (text: string) => text.replace(/Request \w+/, "");
    expect(withoutId(lost)).toBe(withoutId(unknown));
    expect(await asDashboard()).toBeNull();
    const own = await read(ada.get(path));
    expect(own).toMatchObject({ isPublic: false });
    expect(own).not.toHaveProperty("expires");
    expect(own).not.toHaveProperty("publicSlug");
  });

  test("makes the session private by itself, and says so in the feed of changes", async () => {
    const { t, ada, path, slug } = await until(NOON + 3_600_000);
    await settle(t);
    const [session] = await t.run((ctx) => ctx.db.query("sessions").collect());
    expect(session).toMatchObject({ isPublic: false, changedAt: NOON + 3_600_000 });
    expect(session).not.toHaveProperty("shareExpires");
    const again = await read(ada.send("PATCH", path, { isPublic: true }));
    expect(again).toMatchObject({ publicSlug: slug });
    expect(again).not.toHaveProperty("expires");
  });

  test("is kept by other edits, and replaced by a later one", async () => {
    const { t, ada, path, slug, id } = await until(NOON + 3_600_000);
    const edits = { title: "Other", isPublic: true, evalNotes: "n" };
    expect(await read(ada.send("PATCH", path, edits))).toMatchObject({ expires: NOON + 3_600_000 });
    await ada.send("PATCH", path, { expires: NOON + 2 * DAY_MS });
    vi.setSystemTime(NOON + 3_600_000);
    const job = { sessionId: id as Id<"sessions">, expires: NOON + 3_600_000 };
    await t.mutation(internal.sessions.endSharing, job);
    expect((await t.fetch(`/s/${slug}`)).status).toBe(200);
    vi.setSystemTime(NOON + 2 * DAY_MS);
    expect((await t.fetch(`/s/${slug}`)).status).toBe(404);
  });

  test("ends with the sharing", async () => {
    const { ada, path } = await until(NOON + DAY_MS);
    await ada.send("PATCH", path, { isPublic: false });
    const again = await read(ada.send("PATCH", path, { isPublic: true }));
    expect(again).not.toHaveProperty("expires");
  });

  test.each([
    [{ isPublic: true, expires: NOON }, "must be in the future"],
    [{ isPublic: true, expires: NOON + 6 * 365 * DAY_MS }, "must be within five years"],
    [{ isPublic: false, expires: NOON + DAY_MS }, "needs a shared session"],
    [{ expires: NOON + DAY_MS }, "needs a shared session"],
    [{ isPublic: true, expires: "soon" }, "must be a day"],
  ])("is refused as %j, and changes nothing", async (edits, problem) => {
    const { ada, path } = await shared();
    await ada.send("PATCH", path, { isPublic: false });
    const answer = await ada.send("PATCH", path, { title: "Changed", ...edits });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(problem);
    expect(await read(ada.get(path))).toMatchObject({ isPublic: false, title: "The title" });
  });

  test("is chosen on the page, which says when the link ends", async () => {
    const { t, ada, path, slug } = await shared();
    await ada.send("PATCH", path, { isPublic: false });
    const chrome = browser(t);
    await chrome.send("/sign-in", { key: ada.apiKey });
    vi.setSystemTime(NOON);
    const page = "/sessions/SECRET-external";
    const share = (days: string) => chrome.send(page, { action: "share", days });
    expect((await share("7")).status).toBe(303);
    for (const at of [page, "/shares"]) {
      expect(await chrome.text(at)).toContain(`until <time datetime="2026-11-29T12:00:00.000Z"`);
    }
    expect((await t.fetch(`/s/${slug}`)).status).toBe(200);
    vi.setSystemTime(NOON + 7 * DAY_MS);
    expect(await chrome.text(page)).toContain("Share by link");
    expect(await chrome.text("/shares")).toContain("You are not sharing any session");
    expect((await share("")).status).toBe(303);
    expect(await chrome.text(page)).not.toContain("until <time");
    expect((await share("9999")).status).toBe(400);
  });
});
