import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Two rooms: `convex/` runs in the edge runtime that convex-test asks for, scripts run in Node. */
export default defineConfig({
  root,
  test: {
    // Vitest keeps a core for its watcher, half of a small machine; and the slow tests mostly wait for
    // what is due in seconds, so that one worker more than there are cores keeps all of them busy.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        root,
        test: {
          name: "convex",
          include: ["convex/**/*.test.ts"],
          environment: "edge-runtime",
          testTimeout: 30_000,
          server: { deps: { inline: ["convex-test"] } },
        },
      },
      {
        root,
        test: {
          name: "scripts",
          include: ["scripts/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
