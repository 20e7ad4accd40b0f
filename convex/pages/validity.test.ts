import { expect, test } from "vitest";
import { hostilePages } from "./hostilePages.fixture";
import { invalidIn } from "./validity.fixture";

test("a page that breaks the standard is noticed", async () => {
  const page = `<!doctype html><html lang="en"><head><title>x</title></head><body><ul><p>x</ul><i id="a"></i><i id="a"></i></body></html>`;
  expect((await invalidIn(page)).length).toBeGreaterThanOrEqual(2);
});

test.each([
  "plain text",
  "",
  `"><script>alert(1)</script>`,
  "| a | b |\n|-|-|\n| 1 | 2 |\n\n1. x\n   - y",
])("every page is valid HTML with %j in every field", async (text) => {
  const pages = hostilePages(text);
  expect(await Promise.all(pages.map(invalidIn))).toEqual(pages.map(() => []));
});
