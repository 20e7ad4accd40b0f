import { describe, expect, test } from "vitest";
import {
  hasChromium,
  open,
  overflow,
  send,
  sessionPath,
  signIn,
  useChromium,
} from "./chromium.fixture.ts";

const world = useChromium();

describe.skipIf(!hasChromium)("at the edges, the pages in Chromium", () => {
  test("never scroll sideways, however long a path is and however deep quotes and lists nest", async () => {
    const { engine } = world();
    const depths = Array.from({ length: 9 }, (_, n) => n + 1);
    await send(world(), {
      sessions: [
        {
          ...{ externalId: "wide", title: "t".repeat(200), source: "s".repeat(90) },
          projectPath: `/home/ada/${"some-folder-".repeat(8)}`,
        },
      ],
      messages: [
        `${"> ".repeat(19)}quoted`,
        `${"> ".repeat(40)}quoted`,
        depths.map((depth) => `${"  ".repeat(depth)}- item ${depth}`).join("\n"),
        "w".repeat(3_000),
        `| a | b |\n|---|---|\n| ${"c".repeat(400)} | d |`,
        `\`${"e".repeat(400)}\` https://example.com/${"f".repeat(400)}`,
      ].map((textContent, n) => ({
        ...{ sessionExternalId: "wide", externalId: `w${n}`, role: "user", textContent },
      })),
    });
    const { page, context } = await open(world(), { width: 360, height: 640, scheme: "light" });
    await signIn(world(), page);
    for (const path of ["/", await sessionPath(world(), "wide"), "/stats", "/?q=quoted"]) {
      await page.goto(engine.url + path);
      expect([path, await overflow(page)]).toEqual([path, 0]);
    }
    await context.close();
  }, 60_000);

  test("run their script whatever stands behind the # of the address", async () => {
    const { engine } = world();
    const { page, errors, context } = await open(world());
    await signIn(world(), page);
    for (const hash of ["#%", "#%E0%A4%A", "#m-'\"<", "#"]) {
      await page.goto(`${engine.url}/settings${hash}`);
      await page.reload();
    }
    expect(errors).toEqual([]);
    await context.close();
  }, 60_000);
});
