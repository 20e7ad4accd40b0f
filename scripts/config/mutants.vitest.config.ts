import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LONG } from "./vitest.config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The quick tests of pure code, in Node: Stryker runs them in workers of its own, which convex-test and the edge
 * runtime do not allow.
 */
export default defineConfig({
  root,
  test: {
    include: ["convex/{lib,exports,wire,pages}/**/*.test.ts"],
    exclude: LONG,
    environment: "node",
    testTimeout: 120_000,
  },
});
