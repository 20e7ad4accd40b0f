import { findSourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { garbageCollector } from "../limits/garbage.ts";
import { bundleFunctions } from "./bundle.ts";
import { loadComponents } from "./components.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

const nextTask = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Collects what is unused since the last task; Node then removes the source maps of collected modules. */
async function collectGarbage(): Promise<void> {
  await nextTask();
  garbageCollector()();
  await nextTask();
}

test.each([
  ["without source maps, stack traces show the bundle", false],
  ["with source maps, stack traces show the files, also after garbage was collected", true],
])("%s", async (_, sourceMaps) => {
  // As tsx does, with which the engine runs.
  process.setSourceMapsEnabled(true);
  loadComponents(await bundleFunctions(functions, { sourceMaps }), {});
  await collectGarbage();
  const map = findSourceMap(join(functions, "bundle.cjs"));
  const sources = map?.payload.sources ?? [];
  expect(sources.some((path) => path.endsWith("bulk.ts"))).toBe(sourceMaps);
});

test("functions that are loaded again share no state with those loaded before", async () => {
  const bundled = await bundleFunctions(functions, { sourceMaps: false });
  const load = () => loadComponents(bundled, {}).get("")?.modules["strict"]?.();
  const [one, two] = [load(), load()];
  expect(Object.keys(one ?? {})).toContain("linger");
  expect(one?.["linger"]).not.toBe(two?.["linger"]);
});
