import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendDemo } from "../../local/console/demo.ts";
import { ownerKey, signInLink } from "../../local/console/ownerKey.ts";
import { startTestEngine, type TestEngine } from "../../local/testing.ts";

/** Debian's Chromium, as `apt-get install chromium` puts it there; another one by its path. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const hasChromium = existsSync(CHROMIUM);
if (!hasChromium) console.warn(`Browser tests are skipped: there is no Chromium at ${CHROMIUM}`);

/** Where screenshots go, if anyone wants to look at them. */
const SCREENSHOTS = process.env["SCREENSHOTS"];

const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let engine: TestEngine;
let browser: Browser;
let key: string;

beforeAll(async () => {
  if (!hasChromium) return;
  engine = await startTestEngine();
  key = await ownerKey(engine);
  await sendDemo(engine.url, key);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}, 180_000);

afterAll(async () => {
  if (!hasChromium) return;
  await browser.close();
  await engine.stop();
});

type View = { name: string; width: number; height: number; scheme: "light" | "dark" };
const VIEWS: readonly View[] = [
  { name: "phone-light", width: 390, height: 844, scheme: "light" },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark" },
  { name: "wide-light", width: 1280, height: 800, scheme: "light" },
  { name: "wide-dark", width: 1280, height: 800, scheme: "dark" },
];

/** A fresh browser; what it may not load or run is an error of ours. */
async function open({
  width,
  height,
  scheme,
}: View): Promise<{ page: Page; errors: string[]; context: BrowserContext }> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, errors, context };
}

async function signIn(page: Page): Promise<void> {
  await page.goto(await signInLink(engine));
  await page.waitForURL(`${engine.url}/`);
}

/** Violations that axe finds, each with the first element it names. */
async function violations(page: Page): Promise<string[]> {
  // The debugger's evaluation is not bound by the page's policy.
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    const { axe: checker } = window as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations: found } = await checker.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  });
}

/** Whether the page is wider than the screen, so that people would scroll sideways. */
const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({
    path: join(SCREENSHOTS, `${name}.png`),
    fullPage: name.includes("full"),
  });
}

async function sessionPath(externalId: string): Promise<string> {
  const answer = await engine.request(`/api/sessions/${externalId}`, { key });
  return `/sessions/${((await answer.json()) as { id: string }).id}`;
}

describe.skipIf(!hasChromium)("the pages in Chromium", () => {
  test.each(VIEWS)(
    "$name: no page breaks accessibility rules, overflows, or breaks its policy",
    async (view) => {
      const { page, errors, context } = await open(view);
      await page.goto(`${engine.url}/`);
      const problems: string[] = [];
      const check = async (name: string) => {
        for (const problem of await violations(page)) problems.push(`${name} ${problem}`);
        const wide = await overflow(page);
        if (wide > 0) problems.push(`${name} is ${wide}px too wide`);
        await shoot(page, `${name}-${view.name}`);
      };
      await check("welcome");
      await signIn(page);
      await check("home");
      const paths: [string, string][] = [
        ["search", "/?q=index&mode=fulltext"],
        ["session", await sessionPath("demo-rate-limits")],
        ["cart", await sessionPath("demo-cart-total")],
        ["stats", "/stats"],
        ["wrapped", "/wrapped/today"],
        ["shares", "/shares"],
        ["settings", "/settings"],
        ["missing", "/nothing/here"],
      ];
      for (const [name, path] of paths) {
        await page.goto(engine.url + path);
        if (name === "session") {
          await page.evaluate(() =>
            document.querySelectorAll("details").forEach((one) => (one.open = true)),
          );
        }
        await check(name);
      }
      await context.close();
      const broken = errors.filter((error) => !error.includes("404"));
      expect({ problems, broken }).toEqual({ problems: [], broken: [] });
    },
    120_000,
  );

  test("a person signs in with the key, filters, searches, reads and signs out", async () => {
    const { page, context } = await open({ name: "", width: 1280, height: 800, scheme: "light" });
    await page.goto(engine.url);
    await page.getByLabel("Your key").fill("osk_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert").textContent()).resolves.toContain("not known here");
    await page.getByLabel("Your key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Filters", { exact: true }).click();
    await page.getByLabel("Tool").selectOption("codex-cli");
    await page.getByRole("button", { name: "Apply the filters" }).click();
    expect(await page.locator(".list .title").allTextContents()).toEqual([
      "A test that fails on Mondays",
    ]);
    await page.goto(engine.url);
    await page.getByLabel("Search your sessions").fill("composite index");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "Slow dashboard query" }).click();
    expect(await page.locator("h1").textContent()).toBe("Slow dashboard query");
    // The page begins at the message that was found.
    const call = page.locator("summary", { hasText: "migrations/0042_events_index.sql" });
    expect(await call.count()).toBe(1);
    await page.goto(`${engine.url}/settings`);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    expect(await page.getByLabel("Your key").count()).toBe(1);
    await context.close();
  }, 60_000);

  test("a session is shared, read by a stranger, labelled, exported and made private", async () => {
    const { page, context } = await open({ name: "", width: 390, height: 844, scheme: "dark" });
    await signIn(page);
    await page.goto(engine.url + (await sessionPath("demo-onboarding")));
    await page.getByRole("button", { name: "Share by link" }).click();
    const address = await page
      .getByRole("link", { name: "Open the shared page" })
      .getAttribute("href");
    const stranger = await open({ name: "", width: 390, height: 844, scheme: "light" });
    await stranger.page.goto(engine.url + (address ?? ""));
    expect(await stranger.page.locator("h1").textContent()).toBe("Explain the authentication flow");
    expect(await violations(stranger.page)).toEqual([]);
    await shoot(stranger.page, "shared-phone-light");
    await page.getByText("Title, evaluation, deletion").click();
    await page.getByLabel("Verdict").selectOption("golden");
    await page.getByLabel("Ready for evaluation").check();
    await page.getByRole("button", { name: "Save" }).click();
    expect(await page.getByRole("status").textContent()).toContain("Saved");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^opensync-.*\.md$/);
    await page.getByRole("button", { name: "Stop sharing" }).click();
    await stranger.page.reload();
    expect(await stranger.page.locator("h1").textContent()).toBe("Nothing here");
    await stranger.context.close();
    await context.close();
  }, 60_000);

  test("a secret is on no page, neither the owner's nor the shared one, and both say how many are masked", async () => {
    const { page, context } = await open({ name: "", width: 1280, height: 800, scheme: "light" });
    const token = `ghp${"_"}${"a1B2".repeat(9)}`;
    const body = {
      sessions: [{ externalId: "with-secrets", title: "Rotate the keys" }],
      messages: [
        {
          ...{ sessionExternalId: "with-secrets", externalId: "m1", role: "user" },
          textContent: `The token is ${token} and the password is Tr0ub4dor3. Rotate both.`,
        },
        {
          ...{ sessionExternalId: "with-secrets", externalId: "m2", role: "assistant" },
          parts: [
            { type: "tool-call", content: { name: "Bash", args: { command: `gh ${token}` } } },
          ],
        },
      ],
    };
    expect((await engine.request("/sync/batch", { method: "POST", key, json: body })).status).toBe(
      200,
    );
    await engine.settle();
    await signIn(page);
    await page.goto(engine.url + (await sessionPath("with-secrets")));
    expect(await page.content()).not.toMatch(/ghp_a1B2|Tr0ub4/);
    expect(await page.locator(".facts").textContent()).toContain(
      "3 secrets masked (github-token, password)",
    );
    await shoot(page, "secrets-owner");
    await page.getByRole("button", { name: "Share by link" }).click();
    expect(await page.getByRole("status").textContent()).toContain("3 secrets are masked there");
    const link = page.getByRole("link", { name: "Open the shared page" });
    await page.goto(engine.url + ((await link.getAttribute("href")) ?? ""));
    expect(await page.content()).not.toMatch(/ghp_a1B2|Tr0ub4/);
    expect(await page.locator("body").textContent()).toMatch(/\d secrets are masked on this page/);
    expect(await page.getByText("[redacted:github-token]").count()).toBeGreaterThan(0);
    await shoot(page, "secrets-shared");
    await context.close();
  }, 60_000);

  test("pages work without script", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(await signInLink(engine));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Cart total is off by a cent" }).click();
    await page.getByText("Edit src/cart.ts").click();
    expect(await page.locator("pre.diff .a").first().textContent()).toContain("totalCents");
    await context.close();
  }, 60_000);
});
