import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { sendDemo } from "../../local/console/demo.ts";
import { ownerKey, signInLink } from "../../local/console/ownerKey.ts";
import { startTestEngine, type TestEngine } from "../../local/testing.ts";

/** `npm start -- --demo` and a real browser, for the tests of one file. */

/** Debian's Chromium, as `apt-get install chromium` puts it there; another one by its path. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);
if (!hasChromium) console.warn(`Browser tests are skipped: there is no Chromium at ${CHROMIUM}`);

/** Where screenshots go, if anyone wants to look at them. */
const SCREENSHOTS = process.env["SCREENSHOTS"];

const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

/** The server, its owner's key, and the browser. */
export type World = { engine: TestEngine; key: string; browser: Browser };

/** Starts both before the tests of a file, and stops them afterwards; the returned function has them meanwhile. */
export function useChromium(): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    if (!hasChromium) return;
    const engine = await startTestEngine();
    const key = await ownerKey(engine);
    await sendDemo(engine.url, key);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    world = { engine, key, browser };
  }, 180_000);
  afterAll(async () => {
    await world?.browser.close();
    await world?.engine.stop();
  });
  return () => {
    if (world === undefined) throw new Error("The browser is not started");
    return world;
  };
}

type Screen = { name: string; width: number; height: number };
export const SCREENS: readonly [Screen, ...Screen[]] = [
  { name: "phone", width: 390, height: 844 },
  { name: "wide", width: 1280, height: 800 },
];
export const SCHEMES = ["light", "dark"] as const;
type View = Omit<Screen, "name"> & { scheme: (typeof SCHEMES)[number] };

/** A fresh browser; what it may not load or run is an error of ours. */
export async function open(
  { browser }: World,
  { width, height, scheme }: View = { ...SCREENS[0], scheme: "light" },
): Promise<{ page: Page; errors: string[]; context: BrowserContext }> {
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

export async function signIn({ engine }: World, page: Page): Promise<void> {
  await page.goto(await signInLink(engine));
  await page.waitForURL(`${engine.url}/`);
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules of axe whose outcome depends on colours. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** Returns the violations of axe's rules (all, or only those about colours), each with the first element it names. */
export async function violations(page: Page, rules: "all" | "colours" = "all"): Promise<string[]> {
  // The debugger's evaluation is not bound by the page's policy.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return await page.evaluate(
    async (only) => {
      const { axe: checker } = window as unknown as {
        axe: {
          run: (options: object) => Promise<{
            violations: { id: string; nodes: { html: string }[] }[];
          }>;
        };
      };
      const { violations: found } = await checker.run(only === null ? {} : { runOnly: only });
      return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
    },
    rules === "all" ? null : COLOUR_RULES,
  );
}

/** Whether the page is wider than the screen, so that people would scroll sideways. */
export const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Saves what the page looks like, if screenshots are wanted. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

async function sessionOf({ engine, key }: World, externalId: string) {
  const answer = await engine.request(`/api/sessions/${externalId}`, { key });
  return (await answer.json()) as { id: string; publicSlug?: string };
}

/** The page of the owner's session with this external id. */
export const sessionPath = async (world: World, externalId: string) =>
  `/sessions/${(await sessionOf(world, externalId)).id}`;

/** The page of a shared session. */
export const sharedPath = async (world: World, externalId: string) =>
  `/s/${(await sessionOf(world, externalId)).publicSlug ?? ""}`;

/** Sends sessions and messages as a plugin does, and waits until they are counted. */
export async function send({ engine, key }: World, batch: object): Promise<void> {
  const answer = await engine.request("/sync/batch", { method: "POST", key, json: batch });
  if (!answer.ok) throw new Error(await answer.text());
  await engine.settle();
}
