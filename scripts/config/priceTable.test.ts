import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PRICE_TABLE } from "../../convex/lib/stats/prices.ts";

test("the price table that answers name is the one installed", () => {
  const manifest = new URL(
    "../../node_modules/@pydantic/genai-prices/package.json",
    import.meta.url,
  );
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  expect(PRICE_TABLE).toBe(`genai-prices ${version}`);
});
