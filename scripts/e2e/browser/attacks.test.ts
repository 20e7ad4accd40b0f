import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import {
  hasChromium,
  open,
  send,
  sessionPath,
  sharedPath,
  signIn,
  useChromium,
} from "./chromium.fixture.ts";

/** What a hostile transcript, or a hostile site, can do to a person in a real browser: nothing. */

const world = useChromium();

/** Each would run script, or send something elsewhere, if it were not shown as text. */
const HOSTILE = [
  `"><script>window.hacked=1</script>`,
  `<img src=x onerror="window.hacked=2">`,
  `'"></title></style></textarea><svg onload="window.hacked=3">`,
  `javascript:window.hacked=4`,
  `[click](javascript:window.hacked=5) ![x](https://tracker.invalid/p.png)`,
  `<iframe srcdoc="<script>parent.hacked=6</script>"></iframe>`,
  `<a href="jAvAsCrIpT:window.hacked=7" autofocus onfocus="window.hacked=8">x</a>`,
  `<meta http-equiv="refresh" content="0;url=https://tracker.invalid/">`,
].join(" ");

function hostileBatch() {
  const text = HOSTILE;
  const call = (n: number, name: string, args: object) => ({
    type: "tool-call",
    content: { toolCallId: `c${n}`, toolName: name, args },
  });
  const result = (n: number, output: unknown) => ({
    type: "tool-result",
    content: { toolCallId: `c${n}`, result: output },
  });
  const parts = [
    { type: "text", content: `${text}\n\n\`\`\`html\n${text}\n\`\`\`\n\n| ${text} |\n|-|\n| x |` },
    { type: "thinking", content: text },
    call(1, text, { [text]: text }),
    call(2, "Edit", { file_path: text, old_string: "a", new_string: text }),
    call(3, "Write", { file_path: `${text}.html`, content: text }),
    call(4, "Bash", { command: text, description: text }),
    call(5, "apply_patch", {
      input: `*** Begin Patch\n*** Update File: ${text}\n+${text}\n*** End Patch`,
    }),
    call(6, "WebFetch", { url: text }),
    ...[1, 2, 3, 4, 5, 6].map((n) => result(n, n % 2 ? text : { stdout: text, [text]: text })),
    { type: "file", content: { filename: text, url: text, mediaType: text } },
    { type: "image", content: { url: `data:image/svg+xml,${text}` } },
    { type: text, content: text },
  ];
  const names = { projectName: text, projectPath: text, model: text, provider: text, source: text };
  const more = { gitBranch: text, hostname: text };
  return {
    sessions: [
      { externalId: "hostile", title: text, ...names, ...more },
      { externalId: "hostile-child", title: text, parentExternalId: "hostile", relation: "fork" },
    ],
    messages: [
      {
        ...{ sessionExternalId: "hostile", externalId: "h1", role: "user" },
        textContent: `<system-reminder>${text}</system-reminder>${text}`,
      },
      {
        ...{
          sessionExternalId: "hostile",
          externalId: "h2",
          role: "assistant",
          model: text,
          parts,
        },
        ...{ promptTokens: 10, completionTokens: 5 },
      },
      ...["h3", "child"].map((id) => ({
        ...{ externalId: id, role: "user", textContent: text },
        sessionExternalId: id === "child" ? "hostile-child" : "hostile",
      })),
    ],
  };
}

/** What went wrong on the open page: script that ran, or an element that would run some. */
const damage = (page: Page) =>
  page.evaluate(() => {
    const ran = (window as { hacked?: number }).hacked;
    const risky = document.querySelectorAll(
      "iframe,object,embed,base,script:not([src='/assets/app.js']),meta[http-equiv=refresh],a[href^=javascript i],[autofocus]:not(button)",
    );
    const handlers = Array.from(document.querySelectorAll("*")).filter((one) =>
      Array.from(one.attributes).some(({ name }) => name.startsWith("on")),
    );
    return [ran, ...Array.from(risky), ...handlers].flatMap((one) =>
      one === undefined ? [] : [typeof one === "number" ? one : one.outerHTML.slice(0, 120)],
    );
  });

/** A site of someone else, on this machine. */
async function startEvilSite(html: string) {
  const server = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html").end(html);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  // `localhost` is another site than `127.0.0.1`, where the engine is.
  return { url: `http://localhost:${port}/`, stop: () => server.close() };
}

describe.skipIf(!hasChromium)("an attacker", () => {
  test("runs no script and reaches no other server with text in any field, on any page", async () => {
    const { engine, key } = world();
    await send(world(), hostileBatch());
    const edits = { isPublic: true, evalReady: true, evalTags: [HOSTILE.slice(0, 60)] };
    const texts = { evalNotes: HOSTILE, expectedOutput: HOSTILE };
    const shared = { method: "PATCH", key, json: { ...edits, ...texts } };
    expect((await engine.request("/api/sessions/hostile", shared)).status).toBe(200);
    const { page, errors, context } = await open(world());
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(engine.url) && !url.startsWith("data:")) elsewhere.push(url);
    });
    page.on("dialog", (dialog) => {
      elsewhere.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await signIn(world(), page);
    const made = new URLSearchParams({ action: "addKey", name: HOSTILE.slice(0, 60) });
    await page.evaluate((body) => fetch("/settings", { method: "POST", body }), made.toString());
    const asked = encodeURIComponent(HOSTILE);
    const paths = [
      "/",
      `/?q=${asked}&mode=${asked}&source=${asked}&project=${asked}&model=${asked}&branch=${asked}`,
      "/?q=hacked",
      await sessionPath(world(), "hostile"),
      await sessionPath(world(), "hostile-child"),
      await sharedPath(world(), "hostile"),
      ...["/stats", "/shares", "/settings", "/wrapped/today", "/wrapped/today.svg"],
      `/sign-in?to=${asked}&code=${asked.slice(0, 100)}`,
      `/sessions/${asked}`,
      `/s/${asked}`,
      `/pictures/${asked}.svg`,
      `/${asked}`,
    ];
    const found: string[] = [];
    for (const path of paths) {
      await page.goto(engine.url + path);
      await page.waitForLoadState("networkidle");
      for (const one of await damage(page)) found.push(`${path.slice(0, 40)}: ${one}`);
    }
    // What browsers refuse is reported too: a policy that has to act was needed.
    const refused = errors.filter((error) => !/status of 4\d\d/.test(error));
    expect({ found, elsewhere, refused }).toEqual({ found: [], elsewhere: [], refused: [] });
    await context.close();
  }, 120_000);

  test("finds no key and no token that a script could read, and a cookie is worth nothing after signing out", async () => {
    const { engine, key } = world();
    const { page, context } = await open(world());
    await page.goto(engine.url);
    await page.getByLabel("Your key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Sessions" }).waitFor();
    expect(page.url()).toBe(`${engine.url}/`);
    const [cookie, ...others] = await context.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
    const days = ((cookie?.expires ?? 0) - Date.now() / 1_000) / 86_400;
    expect(Math.round(days)).toBe(30);
    const readable = await page.evaluate(() => [
      document.cookie,
      ...[localStorage, sessionStorage].map((store) => JSON.stringify(store)),
    ]);
    expect(readable).toEqual(["", "{}", "{}"]);
    expect(await page.content()).not.toContain(key);
    await page.goto(`${engine.url}/settings`);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    expect(await context.cookies()).toEqual([]);
    await context.addCookies(cookie === undefined ? [] : [cookie]);
    await page.goto(`${engine.url}/settings`);
    expect(page.url()).toBe(`${engine.url}/sign-in?to=%2Fsettings`);
    await page.goBack();
    expect(await page.content()).not.toContain("Signed-in browsers");
    await context.close();
  }, 60_000);

  test("changes nothing with forms of another site, frames no page, and sees no picture without its link", async () => {
    const { engine, key } = world();
    const { page, context } = await open(world());
    await signIn(world(), page);
    await page.goto(`${engine.url}/wrapped/today`);
    await page.getByRole("button", { name: "Make links for" }).click();
    const link = (await page.locator("[id^=link-]").first().textContent()) ?? "";
    const target = await sessionPath(world(), "demo-flaky-test");
    const picture = (id: string, src: string) => `<img id="${id}" src="${src}">`;
    const form = (id: string, path: string, fields: Record<string, string>) =>
      `<form id="${id}" method="post" action="${engine.url}${path}">${Object.entries(fields)
        .map(([name, value]) => `<input name="${name}" value="${value}">`)
        .join("")}</form>`;
    const evil = await startEvilSite(
      `<!doctype html>${picture("private", `${engine.url}/wrapped/today.svg`)}${picture("linked", link)}
<iframe src="${engine.url}/settings"></iframe>
${form("delete", target, { action: "delete", sure: "yes" })}${form("data", "/settings", { action: "deleteData" })}${form("out", "/sign-out", {})}`,
    );
    const stranger = await context.newPage();
    for (const id of ["delete", "data", "out"]) {
      await stranger.goto(evil.url);
      const [answer] = await Promise.all([
        stranger.waitForResponse((response) => response.request().method() === "POST"),
        stranger.evaluate((name) => {
          const found = document.getElementById(name);
          if (found instanceof HTMLFormElement) found.submit();
        }, id),
      ]);
      expect([id, answer.status()]).toEqual([id, 403]);
      await stranger.getByRole("heading", { name: "Not allowed" }).waitFor();
    }
    await stranger.goto(evil.url);
    await stranger.waitForLoadState("networkidle");
    const width = (id: string) =>
      stranger.locator(`#${id}`).evaluate((one) => (one as HTMLImageElement).naturalWidth);
    expect([await width("private"), await width("linked")]).toEqual([0, 1200]);
    const framed = stranger.frames().map((frame) => frame.url());
    expect(framed.some((url) => url.includes("/settings"))).toBe(false);
    await page.goto(engine.url + target);
    expect(await page.locator("h1").textContent()).toBe("A test that fails on Mondays");
    expect((await engine.request("/api/me", { key })).status).toBe(200);
    evil.stop();
    await context.close();
  }, 60_000);
});
