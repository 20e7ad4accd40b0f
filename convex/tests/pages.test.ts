import { describe, expect, test, vi } from "vitest";
import { internal } from "../_generated/api";
import { forbidden, PAGE_ELEMENTS } from "../pages/elements.fixture";
import { pages } from "../http";
import { invalidIn } from "../pages/validity.fixture";
import { browser, HTML } from "./browser.fixture";
import { allRows, conversation, deployment, eachTestAt, person, SITE, settle } from "../test.setup";

const NOW = Date.UTC(2026, 10, 22, 12);
eachTestAt(NOW);

// The first test loads the whole deployment.
vi.setConfig({ testTimeout: 120_000 });

async function signedIn(email?: string) {
  const t = deployment();
  const ada = await person(t, email);
  const chrome = browser(t);
  expect((await chrome.send("/sign-in", { key: ada.apiKey })).status).toBe(303);
  return { t, ada, chrome };
}

const SAID = ["Why does the upload fail?", "The server answers 429.", "Please retry it."];

async function withSession() {
  const world = await signedIn();
  await world.ada.post(
    "/sync/batch",
    conversation("s1", SAID, { title: "Uploads", source: "claude-code", createdAt: NOW - 60_000 }),
  );
  await settle(world.t);
  const { id } = (await (await world.ada.get("/api/sessions/s1")).json()) as { id: string };
  return { ...world, id, path: `/sessions/${id}` };
}

test("the page of a session links its parent and its children, and the list folds subagents", async () => {
  const { t, ada, chrome, path } = await withSession();
  const agent = { title: "Look <b>up</b>", parentExternalId: "s1", relation: "subagent" };
  await ada.post("/sync/batch", conversation("a1", ["find it", "found"], agent));
  await settle(t);
  expect(await chrome.text(path)).toContain("Subagents and forks (1)");
  expect(await chrome.text(path)).toContain("Look &lt;b&gt;up&lt;/b&gt;");
  const { id } = (await (await ada.get("/api/sessions/a1")).json()) as { id: string };
  expect(await chrome.text(`/sessions/${id}`)).toContain(`Part of <a href="${path}"`);
  const list = await chrome.text("/");
  expect(list).toContain("Uploads");
  expect(list).not.toContain("Look &lt;b&gt;");
});

describe("signing in", () => {
  test("a key is exchanged for a cookie that scripts and other sites cannot read, stored only as a hash", async () => {
    const t = deployment();
    const { apiKey } = await person(t);
    const answer = await browser(t).send("/sign-in", { key: apiKey, to: "/stats" });
    expect(answer.headers.get("Location")).toBe("/stats");
    const cookie = answer.headers.get("Set-Cookie") ?? "";
    expect(cookie).toMatch(
      /^__Host-opensync=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure$/,
    );
    const token = cookie.slice("__Host-opensync=".length, cookie.indexOf(";"));
    const rows = await t.run((ctx) => ctx.db.query("browserSessions").collect());
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("a wrong key shows an error, sets no cookie and stores nothing", async () => {
    const t = deployment();
    for (const key of ["", "hello", `osk_${"x".repeat(32)}`]) {
      const answer = await browser(t).send("/sign-in", { key });
      expect(answer.status).toBe(403);
      expect(answer.headers.get("Set-Cookie")).toBeNull();
      expect(await answer.text()).toContain("This key is unknown");
    }
    expect(await t.run((ctx) => ctx.db.query("browserSessions").collect())).toEqual([]);
  });

  test("a link works once, within the hour, and only for its own account", async () => {
    const t = deployment();
    await person(t, "ada@example.com");
    const link = () =>
      t.mutation(internal.browserSessions.createLink, { email: "ada@example.com" });
    const { code } = await link();
    expect(await browser(t).text(`/sign-in?code=${code}`)).toContain(`value="${code}"`);
    const first = browser(t);
    expect((await first.send("/sign-in", { code })).status).toBe(303);
    expect(await first.text("/")).toContain("No sessions yet");
    expect((await browser(t).send("/sign-in", { code })).status).toBe(403);
    const { code: late } = await link();
    vi.setSystemTime(NOW + 3_600_001);
    expect((await browser(t).send("/sign-in", { code: late })).status).toBe(403);
  });

  test("it ends by signing out, by being signed out from another browser, and after 30 days", async () => {
    const { t, ada, chrome } = await signedIn();
    const other = browser(t);
    await other.send("/sign-in", { key: ada.apiKey });
    const id =
      /name="id" value="([^"]+)"><button>Sign out there/.exec(
        await chrome.text("/settings"),
      )?.[1] ?? "";
    await chrome.send("/settings", { action: "removeBrowser", id });
    expect((await other.open("/stats")).status).toBe(303);
    const kept = { Cookie: chrome.cookie(), ...HTML };
    await chrome.send("/sign-out", {});
    expect((await t.fetch("/stats", { headers: kept })).status).toBe(303);
    const third = browser(t);
    await third.send("/sign-in", { key: ada.apiKey });
    vi.setSystemTime(NOW + 30 * 86_400_000);
    expect((await third.open("/stats")).headers.get("Location")).toBe("/sign-in?to=%2Fstats");
  });

  test.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])(
    "never redirects to %j after signing in",
    async (to) => {
      const t = deployment();
      const { apiKey } = await person(t);
      const answer = await browser(t).send("/sign-in", { key: apiKey, to });
      expect(answer.headers.get("Location")).toBe("/");
    },
  );

  test("the API does not accept the cookie", async () => {
    const { t, chrome } = await signedIn();
    const answer = await t.fetch("/api/sessions", { headers: { Cookie: chrome.cookie() } });
    expect(answer.status).toBe(401);
  });
});

describe("changes", () => {
  test.each([
    {},
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: `${SITE}.evil.example` },
  ] as Record<string, string>[])("a form of another site (%j) changes nothing", async (headers) => {
    const { t, ada, chrome, path } = await withSession();
    await browser(t).send("/sign-in", { key: ada.apiKey });
    const { browsers, keys } = await t.run(async ({ db }) => ({
      browsers: await db.query("browserSessions").collect(),
      keys: await db.query("apiKeys").collect(),
    }));
    const other = { id: browsers[1]?._id ?? "" };
    const actions: Readonly<Record<string, Record<string, string>[]>> = {
      "/sign-in": [{ key: ada.apiKey }],
      "/sign-out": [{}],
      "/sessions/:id": [
        ...[{ action: "share" }, { action: "edit", title: "Taken" }],
        { action: "delete", sure: "yes" },
      ],
      "/wrapped/:day": [{ action: "link" }],
      "/settings": [
        ...[{ action: "addKey" }, { action: "revokeKey", id: "first" }],
        ...[
          { action: "removeBrowser", ...other },
          { action: "setTimeZone", timeZone: "Asia/Tokyo" },
        ],
        { action: "deleteData" },
      ],
    };
    const before = await allRows(t);
    for (const { route } of pages.filter((page) => page.route.method === "POST")) {
      const target = route.path.replace("/sessions/:id", path).replace(":day", "2026-11-22");
      // A page that takes changes and is not listed above fails here.
      for (const fields of actions[route.path] ?? expect.fail(route.path)) {
        expect((await chrome.send(target, fields, headers)).status).toBe(403);
      }
    }
    expect(await allRows(t)).toEqual(before);
    expect(keys).toEqual([]);
  });

  test("a session is shared, edited and deleted by forms", async () => {
    const { ada, chrome, path, t } = await withSession();
    const shared = await chrome.send(path, { action: "share" });
    expect(await chrome.text(shared.headers.get("Location") ?? "")).toContain(
      "Anyone with the link",
    );
    const slug = /href="\/s\/([\w-]{22})"/.exec(await chrome.text(path))?.[1] ?? "";
    expect(await browser(t).text(`/s/${slug}`)).toContain("Please retry it.");
    expect(await chrome.text("/shares")).toContain(`/s/${slug}`);
    await chrome.send(path, { action: "unshare" });
    expect((await browser(t).open(`/s/${slug}`)).status).toBe(404);
    const fields = {
      title: "New title",
      evalStatus: "golden",
      evalReady: "yes",
      evalTags: "a, b",
      evalNotes: "n\r\nm",
      expectedOutput: "",
    };
    await chrome.send(path, { action: "edit", ...fields });
    expect(await (await ada.get("/api/sessions/s1")).json()).toMatchObject({
      ...{
        title: "New title",
        evalStatus: "golden",
        evalReady: true,
        evalTags: ["a", "b"],
        evalNotes: "n\nm",
      },
    });
    await chrome.send(path, { action: "delete", sure: "yes" });
    expect((await chrome.open(path)).status).toBe(404);
  });

  test("a key created in the settings is shown once, works, and can be revoked", async () => {
    const { t, chrome } = await signedIn();
    const made = await (
      await chrome.send("/settings", { action: "addKey", name: "Laptop" })
    ).text();
    const key = /osk_[\w-]{32}/.exec(made)?.[0] ?? "";
    const call = () => t.fetch("/api/sessions", { headers: { Authorization: `Bearer ${key}` } });
    expect((await call()).status).toBe(200);
    const page = await chrome.text("/settings");
    expect(page).not.toContain(key);
    const id =
      /value="([^"]+)"><button class="danger" aria-label="Revoke Laptop"/.exec(page)?.[1] ?? "";
    await chrome.send("/settings", { action: "revokeKey", id });
    expect((await call()).status).toBe(401);
  });
});

describe("the picture of a day", () => {
  const DAY = "/wrapped/2026-11-22";
  const withLinks = async () => {
    const world = await withSession();
    expect(await world.chrome.text(DAY)).not.toContain("/pictures/");
    expect((await world.chrome.send(DAY, { action: "link" })).headers.get("Location")).toBe(DAY);
    return { ...world, links: linksIn(await world.chrome.text(DAY)) };
  };
  const linksIn = (page: string) =>
    Array.from(page.matchAll(/\/pictures\/[\w.-]+\.svg/g), ([link]) => link);

  test("has a link for any <img> element, for this day and for the current one, and for no other", async () => {
    const { t, links } = await withLinks();
    const [day = "", today = ""] = links;
    expect(links).toHaveLength(2);
    for (const link of links) {
      const answer = await t.fetch(`${link}?theme=dark&shape=portrait`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Content-Type")).toBe("image/svg+xml; charset=utf-8");
      expect(answer.headers.get("Cross-Origin-Resource-Policy")).toBe("cross-origin");
      expect(answer.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
      const picture = await answer.text();
      expect(picture).toContain("Sunday, 22 November 2026");
      expect(picture).toContain('height="1280"');
    }
    const forged = [
      day.replace("2026-11-22", "2026-11-21"),
      today.replace("today", "yesterday"),
      day.replace("2026-11-22", "today"),
      day.replace(/\.[\da-f]{32}/, ""),
      day.replace(/\.[\da-f]{32}/, `.${"0".repeat(32)}`),
      day.replace(".svg", ""),
      "/pictures/today.svg",
      "/pictures/..svg",
    ];
    for (const link of forged) expect([link, (await t.fetch(link)).status]).toEqual([link, 404]);
  });

  test("is hidden from everyone when its owner ends the links, and old links stay dead", async () => {
    const { t, chrome, links } = await withLinks();
    await chrome.send(DAY, { action: "unlink" });
    expect(await chrome.text(DAY)).toContain("Make links");
    await chrome.send(DAY, { action: "link" });
    for (const link of links) expect((await t.fetch(link)).status).toBe(404);
    const [again = ""] = linksIn(await chrome.text(DAY));
    expect((await t.fetch(again)).status).toBe(200);
    await t.mutation(internal.users.remove, { email: "ada@example.com", scope: "account" });
    expect((await t.fetch(again)).status).toBe(404);
  });

  test("shows no secret that a name contains, and its own owner neither", async () => {
    const { t, ada, chrome, links } = await withLinks();
    const token = `ghp${"_"}${"a1B2".repeat(9)}`;
    const project = { projectName: token, createdAt: NOW - 1_000 };
    await ada.post("/sync/batch", conversation("secret", SAID, project));
    await settle(t);
    for (const link of links) expect(await (await t.fetch(link)).text()).not.toContain("ghp_a1B2");
    expect(await chrome.text(`${DAY}.svg`)).not.toContain("ghp_a1B2");
    expect(await chrome.text("/stats")).not.toContain("ghp_a1B2");
  });

  test("is on the first page on days with sessions", async () => {
    const { chrome } = await withSession();
    expect(await chrome.text("/")).toContain('<img class="plot" src="/wrapped/2026-11-22.svg"');
  });
});

describe("reading", () => {
  test("the first page lists, filters and searches", async () => {
    const { chrome, path } = await withSession();
    expect(await chrome.text("/")).toContain(`href="${path}"`);
    expect(await chrome.text("/?source=claude-code")).toContain("Uploads");
    expect(await chrome.text("/?source=pi")).toContain("No session matches");
    expect(await chrome.text("/?model=other")).toContain("No session matches");
    expect(await chrome.text("/?q=429&mode=fulltext")).toMatch(/<mark>429<\/mark>/);
    expect(await chrome.text("/?q=zebra")).toContain("Nothing found");
  });

  test("every action on another user's session answers 404", async () => {
    const { t, path, id } = await withSession();
    const bob = await person(t, "bob@example.com");
    const firefox = browser(t);
    await firefox.send("/sign-in", { key: bob.apiKey });
    expect((await firefox.open(path)).status).toBe(404);
    expect((await firefox.open(`/live?id=${id}`)).status).toBe(404);
    expect((await firefox.open(`/download?id=${id}&format=json`)).status).toBe(404);
    for (const action of ["share", "edit", "delete"]) {
      expect((await firefox.send(path, { action })).status).toBe(404);
    }
    expect(await firefox.text("/?q=429")).toContain("Nothing found");
  });

  test("a tool call and its result are one block, with a summary in its first line", async () => {
    const { ada, chrome, t } = await withSession();
    const call = (name: string, id: string, input: object) => ({
      type: "tool_use",
      content: { id, name, input },
    });
    const result = (id: string, content: string) => ({
      type: "tool_result",
      content: { tool_use_id: id, content },
    });
    await ada.post(
      "/sync/batch",
      conversation("tools", [
        "<system-reminder>Be brief.</system-reminder>Fix it\nnow",
        {
          role: "assistant",
          parts: [
            call("Bash", "1", { command: "npm test" }),
            call("Edit", "2", {
              file_path: "src/cart.ts",
              old_string: "a\nb",
              new_string: "a\nc\nd\ne",
            }),
          ],
        },
        { role: "user", parts: [result("1", "1 failed"), result("2", "done")] },
        { role: "assistant", text: "Fixed: `cart`." },
      ]),
    );
    await settle(t);
    const page = await chrome.text("/sessions/tools");
    expect(page).toContain("<summary>Bash npm test</summary>");
    expect(page).toContain(
      '<summary>Edit src/cart.ts <span class="plus">+3</span> <span class="minus">−1</span></summary>',
    );
    expect(page).toContain("<summary>System reminder</summary>");
    expect(page).toContain("<p>Fix it<br>\nnow</p>");
    expect(page.match(/<article class="turn/g)).toHaveLength(2);
    expect(forbidden(page, PAGE_ELEMENTS)).toEqual([]);
  });

  test("the bounded pages of a long session contain every message once", async () => {
    const { ada, chrome, t } = await withSession();
    const said = Array.from(
      { length: 260 },
      (_, n) => `Message number ${n} ${n % 20 === 0 ? "*a_ ".repeat(5_000) : ""}`,
    );
    for (let from = 0; from < said.length; from += 130) {
      const batch = conversation("long", said.slice(from, from + 130), {
        createdAt: NOW - 900_000 + from * 1_000,
      });
      batch.messages.forEach((message, n) => (message.externalId = `long-${from + n}`));
      await ada.post("/sync/batch", batch);
    }
    await settle(t);
    const seen: string[] = [];
    let pages = 0;
    for (let path: string | undefined = "/sessions/long"; path !== undefined; pages++) {
      const page: string = await chrome.text(path);
      expect(new TextEncoder().encode(page).length).toBeLessThan(300_000);
      const main = page.slice(page.indexOf('<article class="turn'));
      seen.push(
        ...Array.from(main.matchAll(/<(?:p|pre[^>]*)>Message number (\d+)/g), ([, n = ""]) => n),
      );
      path = /class="next" href="([^"]+)"/.exec(page)?.[1]?.replace(/&amp;/g, "&");
    }
    expect(pages).toBeGreaterThan(2);
    expect(seen).toEqual(said.map((_, n) => String(n)));
  });

  test("a message of 3 MB is truncated, and the page says so", async () => {
    const { ada, chrome, t } = await withSession();
    await ada.post(
      "/sync/batch",
      conversation("huge", [
        "x ".repeat(1_000_000),
        {
          role: "assistant",
          parts: [{ type: "tool-result", content: "&<".repeat(1_500_000) }],
        },
      ]),
    );
    await settle(t);
    const page = await chrome.text("/sessions/huge");
    expect(new TextEncoder().encode(page).length).toBeLessThan(300_000);
    expect(page).toContain("Export the session to see all of it.");
  });
});

describe("every page", () => {
  const paths = [
    "/",
    "/?q=retry",
    "/stats",
    "/stats?days=7",
    "/shares",
    "/settings",
    "/wrapped/2026-11-22",
    "/sessions/s1",
    "/sign-in",
    "/nothing/here",
  ];

  test.each(paths)(
    "%s is valid HTML of known elements without inline script, below 100 kB, with a strict content security policy",
    async (path) => {
      const { chrome } = await withSession();
      await chrome.send("/wrapped/2026-11-22", { action: "link" });
      const answer = await chrome.open(path);
      expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
      const policy = answer.headers.get("Content-Security-Policy") ?? "";
      expect(policy).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; script-src 'self';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(answer.headers.get("Cache-Control")).toBe("no-store");
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
      const page = await answer.text();
      expect(new TextEncoder().encode(page).length).toBeLessThan(100_000);
      expect(forbidden(page, PAGE_ELEMENTS)).toEqual([]);
      expect(await invalidIn(page)).toEqual([]);
    },
  );

  test("a shared page is valid HTML of known elements, below 100 kB", async () => {
    const { t, ada } = await withSession();
    const answer = await ada.send("PATCH", "/api/sessions/s1", { isPublic: true });
    const { publicSlug } = (await answer.json()) as { publicSlug: string };
    const page = await (await t.fetch(`/s/${publicSlug}`)).text();
    expect(new TextEncoder().encode(page).length).toBeLessThan(100_000);
    expect(forbidden(page, PAGE_ELEMENTS)).toEqual([]);
    expect(await invalidIn(page)).toEqual([]);
  });

  test("programs get JSON for an unknown address, people get a page", async () => {
    const t = deployment();
    const json = await t.fetch("/nothing");
    expect(json.headers.get("Content-Type")).toContain("application/json");
    const page = await browser(t).open("/nothing");
    expect(page.status).toBe(404);
    expect(await page.text()).toContain("Not found");
    expect((await browser(t).open("/s/unknown")).status).toBe(404);
    expect(await browser(t).text("/s/unknown")).toContain("Not found");
    const { apiKey } = await person(t);
    const chrome = browser(t);
    await chrome.send("/sign-in", { key: apiKey });
    const program = { Accept: "application/json", Cookie: chrome.cookie(), Origin: SITE };
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await t.fetch(path, { ...init, headers: { ...program, ...init.headers } });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    for (const path of ["/sessions/none", "/wrapped/never", "/s/unknown", "/pictures/x.svg"]) {
      expect(await ask(path)).toEqual([404, "NOT_FOUND"]);
      expect((await chrome.open(path)).headers.get("Content-Type")).toContain("text/html");
    }
    expect(await ask("/sessions/none", { method: "POST" })).toEqual([404, "NOT_FOUND"]);
    expect(await ask("/stats", { headers: { Cookie: "" } })).toEqual([401, "UNAUTHORIZED"]);
    const foreign = { method: "POST", headers: { Origin: "https://evil.example" } };
    expect(await ask("/settings", foreign)).toEqual([403, "FORBIDDEN"]);
  });

  test("a stranger sees what the service is, and must sign in for everything else", async () => {
    const t = deployment();
    expect(await browser(t).text("/")).toContain("Sign in");
    for (const path of [
      "/stats",
      "/settings",
      "/shares",
      "/sessions/x",
      "/download",
      "/wrapped/today",
      "/live?id=x",
    ]) {
      const answer = await browser(t).open(path);
      expect(answer.status).toBe(303);
      expect(answer.headers.get("Location")).toBe(`/sign-in?to=${encodeURIComponent(path)}`);
    }
    expect(await t.run((ctx) => ctx.db.query("apiLogs").collect())).toEqual([]);
  });

  test("the script and icon are served by the deployment itself", async () => {
    const t = deployment();
    const script = await t.fetch("/assets/app.js");
    expect(script.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
    expect((await t.fetch("/favicon.ico")).headers.get("Content-Type")).toContain("image/svg+xml");
  });
});

test("browsers of a deleted account are signed out at once, and their rows are deleted", async () => {
  const { t, ada, chrome } = await signedIn();
  await t.mutation(internal.users.remove, { email: "ada@example.com", scope: "account" });
  expect((await chrome.open("/stats")).status).toBe(303);
  await settle(t);
  expect(await t.run((ctx) => ctx.db.query("browserSessions").collect())).toEqual([]);
  expect(ada.userId).toBeDefined();
});
