import { beforeEach, describe, expect, test, vi } from "vitest";
import { listPublic } from "../model/sessions/sharing";
import { sharesPage } from "../pages/shares";
import { browser } from "./browser.fixture";
import {
  conversation,
  type Deployment,
  deployment,
  eachTestAt,
  person,
  settle,
} from "../test.setup";
import type { Person } from "../test.setup";

/** Forms of the pages change what their owner changed, and nothing else. */

const NOW = Date.UTC(2026, 10, 22, 12);
eachTestAt(NOW);

// The first test loads the whole deployment.
vi.setConfig({ testTimeout: 120_000 });

let t: Deployment;
let ada: Person;
let chrome: ReturnType<typeof browser>;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  chrome = browser(t);
  await chrome.send("/sign-in", { key: ada.apiKey });
});

type Session = { id: string; title?: string; evalTags: string[] } & Record<string, unknown>;
const session = async (id = "s1") =>
  (await (await ada.get(`/api/sessions/${id}`)).json()) as Session;

const ENTITIES: { readonly [name: string]: string } = {
  ...{ "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" },
};
const decoded = (text: string) =>
  text.replace(/&(?:lt|gt|quot|#39|amp);/g, (one) => ENTITIES[one] ?? one);

/** The fields of the form that edits a session, as a browser would send them untouched. */
async function formOf(path: string): Promise<Record<string, string>> {
  const page = await chrome.text(path);
  const form =
    /<form [^>]*>(?:(?!<form)[^])*?name="action" value="edit"[^]*?<\/form>/.exec(page)?.[0] ?? "";
  const fields: Record<string, string> = {};
  for (const [tag] of form.matchAll(/<input [^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1] ?? "";
    if (tag.includes('type="checkbox"') && !tag.includes(" checked")) continue;
    const value = decoded(/value="([^"]*)"/.exec(tag)?.[1] ?? "");
    fields[name] = tag.includes('type="hidden"') ? value : value.replace(/[\r\n]/g, "");
  }
  for (const [, name = "", text = ""] of form.matchAll(
    /<textarea [^>]*name="([^"]*)"[^>]*>([^<]*)</g,
  )) {
    // Browsers leave out a first line break, and send every one as two characters.
    fields[name] = decoded(text).replace(/^\n/, "").replace(/\r?\n/g, "\r\n");
  }
  for (const [select, name = ""] of form.matchAll(/<select [^>]*name="([^"]*)"[^]*?<\/select>/g)) {
    fields[name] = /<option value="([^"]*)" selected/.exec(select)?.[1] ?? "";
  }
  return fields;
}

describe("saving the form of a session", () => {
  const store = async (more = {}) => {
    await ada.post(
      "/sync/batch",
      conversation("s1", ["Why?", "So."], { createdAt: NOW - 60_000, ...more }),
    );
    await settle(t);
    return `/sessions/${(await session()).id}`;
  };

  test("untouched changes nothing, whatever the fields hold", async () => {
    const path = await store({ title: 'Title <b> & "quotes"' });
    const fields = {
      evalTags: ["one, two", "three"],
      evalNotes: "  indented\n\nlines \n",
      expectedOutput: "\n    code();\n",
      evalReady: true,
      evalStatus: "golden",
    };
    await ada.send("PATCH", "/api/sessions/s1", fields);
    const before = await session();
    expect(before).toMatchObject({ evalNotes: fields.evalNotes, evalTags: fields.evalTags });
    vi.setSystemTime(NOW + 5_000);
    const sent = await formOf(path);
    expect(sent).toMatchObject({ evalStatus: "golden", evalReady: "yes" });
    expect((await chrome.send(path, sent)).status).toBe(303);
    expect(await session()).toEqual(before);
  });

  test("with another verdict lets the tool go on naming the session", async () => {
    const path = await store({ title: "First name" });
    await chrome.send(path, { ...(await formOf(path)), evalStatus: "correct" });
    await store({ title: "Better name", updatedAt: NOW + 1_000 });
    expect(await session()).toMatchObject({ title: "Better name", evalStatus: "correct" });
  });

  test("with a note keeps a title that the tool gave meanwhile", async () => {
    const path = await store({ title: "First name" });
    const fields = await formOf(path);
    await store({ title: "Better name" });
    await chrome.send(path, { ...fields, evalNotes: "good" });
    expect(await session()).toMatchObject({ title: "Better name", evalNotes: "good" });
  });

  test("with emptied fields clears them", async () => {
    const path = await store({ title: "First name" });
    const fields = { evalTags: ["a"], evalNotes: "n", expectedOutput: "e" };
    await ada.send("PATCH", "/api/sessions/s1", { title: "Mine", ...fields });
    const empty = { title: "", evalTags: "", evalNotes: "", expectedOutput: "" };
    await chrome.send(path, { ...(await formOf(path)), ...empty });
    const after = await session();
    expect(after).toMatchObject({ evalTags: [] });
    expect(after.title).not.toBe("Mine");
    expect(after).not.toHaveProperty("evalNotes");
    expect(after).not.toHaveProperty("expectedOutput");
  });
});

describe("the page after a change", () => {
  const stored = async () => {
    await ada.post("/sync/batch", conversation("s1", ["Why?", "So."], { createdAt: NOW - 60_000 }));
    await settle(t);
    return `/sessions/${(await session()).id}`;
  };

  test("says nothing about sharing that no longer holds, as after going back", async () => {
    const path = await stored();
    const shared = (await chrome.send(path, { action: "share" })).headers.get("Location") ?? "";
    expect(await chrome.text(shared)).toContain("Anyone with the link");
    const unshared = (await chrome.send(path, { action: "unshare" })).headers.get("Location") ?? "";
    expect(await chrome.text(unshared)).toContain("is private again");
    expect(await chrome.text(shared)).not.toContain("Anyone with the link");
    await chrome.send(path, { action: "share" });
    expect(await chrome.text(unshared)).not.toContain("is private again");
  });

  test("by a browser that was signed out says that it was not made, and leads back", async () => {
    const path = await stored();
    const stale = browser(t);
    const answer = await stale.send(path, { action: "delete", sure: "yes" });
    const page = await stale.text(answer.headers.get("Location") ?? "");
    expect(page).toContain("nothing was changed");
    expect(page).toContain(`name="to" value="${path}"`);
    expect(await stale.text("/sign-in?to=%2Fstats")).not.toContain("nothing was changed");
  });
});

test("the commands of the first steps name this server, because their defaults name another one", async () => {
  const page = await browser(t).text("/");
  expect(page).toMatch(/npm run import -- --url https:\/\/[\w.]+</);
  expect(page).toMatch(/curl https:\/\/[\w.]+\/api\/sessions/);
});

test("the list of shared sessions says that older ones may be shared, where it has not looked at all", async () => {
  for (const id of ["s1", "s2", "s3"]) {
    await ada.post("/sync/batch", conversation(id, ["Why?"], { createdAt: NOW - 60_000 }));
  }
  const shared = await ada.send("PATCH", "/api/sessions/s1", { isPublic: true });
  expect(shared.status).toBe(200);
  const look = (rows: number) =>
    t.run(async (ctx) => {
      const user = await ctx.db.query("users").first();
      if (user === null) throw new Error("no user");
      return (await listPublic(ctx, user, { rows, bytes: 1_000_000 })).isCut;
    });
  expect([await look(2), await look(3)]).toEqual([true, false]);
  const view = { policy: "", viewer: { kind: "owner" as const } };
  expect(sharesPage(view, { sessions: [], isCut: true })).toContain("older ones may be shared too");
  expect(sharesPage(view, { sessions: [], isCut: true })).not.toContain("You are not sharing");
  expect(await chrome.text("/shares")).not.toContain("older ones");
});

test("a wrong key does not lose the page to return to", async () => {
  const other = browser(t);
  for (const key of ["osk_wrong", "nonsense"]) {
    const answer = await other.send("/sign-in", { key, to: "/stats" });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('name="to" value="/stats"');
  }
});

test("a search in the browser has all filters of its form", async () => {
  const about = (gitBranch: string, n: number) => ({
    gitBranch,
    title: gitBranch,
    createdAt: NOW - n,
  });
  await ada.post("/sync/batch", conversation("s1", ["walrus one", "a"], about("main", 60_000)));
  await ada.post("/sync/batch", conversation("s2", ["walrus two", "b"], about("fix", 50_000)));
  await settle(t);
  const page = await chrome.text("/?q=walrus&branch=fix");
  expect(page).toContain("walrus</mark> two");
  expect(page).not.toContain("walrus</mark> one");
});
