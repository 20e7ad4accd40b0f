import { describe, expect, test } from "vitest";
import { signInLink } from "../../local/console/ownerKey.ts";
import {
  hasChromium,
  sharedPath,
  open,
  overflow,
  send,
  sessionPath,
  SCHEMES,
  SCREENS,
  shoot,
  signIn,
  useChromium,
  violations,
} from "./chromium.fixture.ts";

const world = useChromium();

describe.skipIf(!hasChromium)("the pages in Chromium", () => {
  test.each(SCREENS)(
    "$name: no page breaks accessibility rules, overflows, or breaks its content policy, in light and dark",
    async (screen) => {
      const { engine } = world();
      const { page, errors, context } = await open(world(), { ...screen, scheme: "light" });
      await page.goto(`${engine.url}/`);
      const problems: string[] = [];
      const check = async (name: string) => {
        for (const scheme of SCHEMES) {
          await page.emulateMedia({ colorScheme: scheme });
          const at = `${name}-${screen.name}-${scheme}`;
          // Only rules about colours can differ, because a page has the same elements in both schemes.
          const found = await violations(page, scheme === "light" ? "all" : "colours");
          for (const problem of found) problems.push(`${at} ${problem}`);
          const wide = await overflow(page);
          if (wide > 0) problems.push(`${at} is ${wide}px too wide`);
          await shoot(page, at);
        }
      };
      await check("welcome");
      await signIn(world(), page);
      await check("home");
      const paths: [string, string][] = [
        ["search", "/?q=index&mode=fulltext"],
        ["session", await sessionPath(world(), "demo-rate-limits")],
        ["cart", await sessionPath(world(), "demo-cart-total")],
        ["stats", "/stats"],
        ["wrapped", "/wrapped/today"],
        ["shares", "/shares"],
        ["settings", "/settings"],
        ["nothing-found", "/?q=zebrafinch"],
        ["shared", await sharedPath(world(), "demo-rate-limits")],
        ["missing", "/nothing/here"],
      ];
      for (const [name, path] of paths) {
        await page.goto(engine.url + path);
        await check(name);
        if (name !== "session") continue;
        await page.evaluate(() =>
          document.querySelectorAll("details").forEach((one) => (one.open = true)),
        );
        await check("opened");
      }
      await context.close();
      const broken = errors.filter((error) => !error.includes("404"));
      expect({ problems, broken }).toEqual({ problems: [], broken: [] });
    },
    120_000,
  );

  test("a person signs in with the key, filters, searches, reads and signs out", async () => {
    const { engine, key } = world();
    const { page, context } = await open(world(), { width: 1280, height: 800, scheme: "light" });
    await page.goto(engine.url);
    await page.getByLabel("Your key").fill("osk_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert").textContent()).resolves.toContain("This key is unknown");
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
    const { engine } = world();
    const { page, context } = await open(world(), { width: 390, height: 844, scheme: "dark" });
    await signIn(world(), page);
    await page.goto(engine.url + (await sessionPath(world(), "demo-onboarding")));
    await page.getByRole("button", { name: "Share by link" }).click();
    const address = await page
      .getByRole("link", { name: "Open the shared page" })
      .getAttribute("href");
    const stranger = await open(world(), { width: 390, height: 844, scheme: "light" });
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
    expect(await stranger.page.locator("h1").textContent()).toBe("Not found");
    await stranger.context.close();
    await context.close();
  }, 60_000);

  test("a secret is on no page, neither the owner's nor the shared one, and both say how many are masked", async () => {
    const { engine } = world();
    const { page, context } = await open(world(), { width: 1280, height: 800, scheme: "light" });
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
    await send(world(), body);
    await signIn(world(), page);
    await page.goto(engine.url + (await sessionPath(world(), "with-secrets")));
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

  test("a page of a running session offers new messages, and shows them without losing the place", async () => {
    const { engine } = world();
    const { page, errors, context } = await open(world());
    const message = (n: number, role: string, parts: object[]) => ({
      ...{
        sessionExternalId: "running",
        externalId: `r${n}`,
        role,
        createdAt: 1_790_000_000_000 + n,
      },
      parts,
    });
    const call = (id: string) => ({
      type: "tool-call",
      content: { toolCallId: id, toolName: "Bash", args: { command: `step ${id}` } },
    });
    const text = (content: string) => ({ type: "text", content });
    await send(world(), {
      sessions: [{ externalId: "running", title: "A long task" }],
      messages: [
        message(1, "user", [text("Do it.\n\n".repeat(60))]),
        message(2, "assistant", [text("I begin."), call("one")]),
      ],
    });
    await signIn(world(), page);
    await page.clock.install();
    await page.goto(engine.url + (await sessionPath(world(), "running")));
    await page.getByText("Bash step one").click();
    const top = () =>
      page
        .getByText("I begin.", { exact: true })
        .evaluate((one) => one.getBoundingClientRect().top);
    await page.getByText("I begin.", { exact: true }).evaluate((one) => one.scrollIntoView());
    const before = await top();
    await page.clock.runFor(16_000);
    expect(await page.getByText("new message").isVisible()).toBe(false);
    await send(world(), {
      messages: [
        message(3, "assistant", [call("two")]),
        message(4, "user", [text("And now?")]),
        message(5, "assistant", [text("Done.")]),
      ],
    });
    await page.clock.runFor(16_000);
    await page.getByRole("link", { name: "Show 3 new messages" }).click();
    await page.getByText("Done.", { exact: true }).waitFor();
    expect(await page.getByText("Bash step two").count()).toBe(1);
    expect(await page.locator("article.turn").count()).toBe(4);
    expect(Math.abs((await top()) - before)).toBeLessThan(2);
    const opened = page.locator("details[open] > summary", { hasText: "Bash step one" });
    expect(await opened.count()).toBe(1);
    expect(await page.getByText("new message").isVisible()).toBe(false);
    expect(await violations(page)).toEqual([]);
    await page.clock.runFor(16_000);
    expect(await page.getByText("new message").isVisible()).toBe(false);
    expect(errors).toEqual([]);
    await context.close();
  }, 60_000);

  test("a link may end: the choice is made where a session is shared, and shown there", async () => {
    const { engine } = world();
    const { page, context } = await open(world());
    await signIn(world(), page);
    await page.goto(engine.url + (await sessionPath(world(), "demo-postgres-index")));
    await page.getByLabel("The link works").selectOption("for a week");
    await page.getByRole("button", { name: "Share by link" }).click();
    expect(await page.locator(".actions").textContent()).toMatch(/until \w+ \d+, \d{4}/);
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await shoot(page, "share-ending");
    await page.getByRole("button", { name: "Stop sharing" }).click();
    await context.close();
  }, 60_000);

  test("keys, zone and other browsers are managed in the settings", async () => {
    const { engine } = world();
    const { page, context } = await open(world());
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.accept();
    });
    await signIn(world(), page);
    await page.goto(`${engine.url}/settings`);
    await page.getByLabel("Name of a new key").fill("Laptop");
    await page.getByRole("button", { name: "Make a key" }).click();
    const made = (await page.locator("#new-key").textContent()) ?? "";
    expect((await engine.request("/api/me", { key: made })).status).toBe(200);
    await page.getByRole("button", { name: "Revoke Laptop" }).click();
    await page.getByText("The key is revoked.").waitFor();
    expect(dialogs).toEqual(["Revoke this key? What uses it stops working at once."]);
    expect((await engine.request("/api/me", { key: made })).status).toBe(401);
    await page.getByLabel("Zone, such as").fill("Europe/Berlin");
    await page.getByRole("button", { name: "Save the zone" }).click();
    await page.goto(`${engine.url}/stats`);
    expect(await page.locator("main").textContent()).toContain("Days are those of Europe/Berlin.");
    await page.goto(`${engine.url}/settings`);
    await page.getByLabel("Zone, such as").fill("UTC");
    await page.getByRole("button", { name: "Save the zone" }).click();
    await context.close();
  }, 60_000);

  test("pages work without script", async () => {
    const { engine, browser } = world();
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
