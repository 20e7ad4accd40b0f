import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { fasterConvexTest } from "./fasterConvexTest.ts";
import { plantedFault } from "./plantedFault.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The order of the projects, each with its longest files first. Tests of scripts begin first, because they mostly wait,
 * while those of `convex/` compute. Files of one project follow each other, because a worker that changes projects
 * starts again and loads all functions once more.
 */
const ORDER = ["system", "alone", "scripts", "mocking", "long", "fast"];

class ByProject extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ project }: TestSpecification) => ORDER.indexOf(project.name);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

/** Unit tests of pure code that take seconds: each file of its own, because `npm run mutants` skips their code. */
export const LONG_UNITS = [
  "convex/exports/anonymize.test.ts",
  "convex/exports/exports.test.ts",
  "convex/exports/sharedSession.test.ts",
  "convex/exports/writer.test.ts",
  "convex/lib/jsonBytes.test.ts",
  "convex/lib/search/hiddenWords.test.ts",
  "convex/lib/secrets/longTexts.test.ts",
  "convex/lib/secrets/secrets.test.ts",
  "convex/pages/markdown/markdown.test.ts",
];

/** Tests of functions and pure code that take longest. `npm run test:fast` leaves them out, `npm test` does not. */
export const LONG = [
  ...LONG_UNITS,
  "convex/tests/sync{,.hazards}.test.ts",
  "convex/tests/{pages,mcpTools}.test.ts",
  "convex/tests/{numbers,properties,changes,analytics}.test.ts",
  "convex/tests/{export,exportAnswers,sharing,search,sessions}.test.ts",
  "convex/tests/deletion*.test.ts",
];

/**
 * Tests of the whole server that need its largest inputs, long histories, kills or a browser: as much work as all
 * others together. `npm test` leaves them out so that it ends in three minutes; `npm run test:system` and CI run them.
 */
export const SYSTEM = [
  "scripts/{bench,soak,trials}/**/*.test.ts",
  "scripts/local/trials/*.test.ts",
  "scripts/e2e/browser/*.test.ts",
  "scripts/e2e/{dashboard,deletion,export,exportSamples,mcp,sync}.test.ts",
  "scripts/e2e/{plantedWords,searchWords,smoke}.test.ts",
  "scripts/e2e/embedding/{cost,crowded,engine,outage}.test.ts",
  "scripts/import/{backup,process,samples}.test.ts",
];

/** They replace modules (`vi.mock`), so they do not share loaded modules with other files. */
const MOCKING = ["convex/tests/sync.{slices,failures}.test.ts"];

/** The same for scripts, and tests of what their process remembers: its memory, the source maps of what it compiled. */
const ALONE = [
  "scripts/import/memory.test.ts",
  "scripts/local/functions/bundle.test.ts",
  "scripts/local/live/{turns,unread}.test.ts",
  "scripts/local/limits/heapProbe.test.ts",
];

/** convex-test passes through Vite, which finds its modules and makes its queries faster. */
const server = { deps: { inline: ["convex-test"] } };
const plugins = [...plantedFault(), fasterConvexTest()];

// Tests of functions and engines create much garbage. With more space for young objects, Node collects it half as often.
const execArgv = ["--max-semi-space-size=32"];

/** `convex/` runs in the edge runtime that convex-test asks for. */
const edge = {
  environment: "edge-runtime",
  testTimeout: 30_000,
  hookTimeout: 30_000,
  server,
  // Loading all functions takes longer than most files: a worker loads them once. Tests restore what they stub.
  isolate: false,
  execArgv,
};

/** `scripts/` runs in Node. */
const node = {
  environment: "node",
  server,
  globalSetup: [`${root}scripts/config/bundles.setup.ts`],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Vitest's default of one second is too short for a round trip through a server on a busy machine.
  expect: { poll: { timeout: 20_000, interval: 20 } },
};

/** Functions and pure code in three projects: fast, long and mocking ones; and scripts in three. */
export default defineConfig({
  root,
  test: {
    // Vitest keeps a core for its watcher, half of a small machine; and some tests wait for other processes.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: ByProject },
    projects: [
      {
        root,
        plugins,
        test: {
          name: "fast",
          include: ["convex/**/*.test.ts"],
          exclude: [...LONG, ...MOCKING],
          ...edge,
        },
      },
      { root, plugins, test: { name: "long", include: LONG, ...edge } },
      { root, plugins, test: { name: "mocking", include: MOCKING, ...edge, isolate: true } },
      {
        root,
        plugins,
        test: {
          name: "scripts",
          include: ["scripts/**/*.test.ts"],
          exclude: [...SYSTEM, ...ALONE],
          ...node,
          // Loading the engine and its libraries takes a quarter of the time if each file does it.
          isolate: false,
          execArgv,
        },
      },
      { root, plugins, test: { name: "alone", include: ALONE, ...node } },
      { root, plugins, test: { name: "system", include: SYSTEM, ...node } },
    ],
  },
});
