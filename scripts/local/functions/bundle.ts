import { build, type BuildOptions, type BuildResult, type Plugin } from "esbuild";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { StartError } from "../failures.ts";
import { cachedBundle } from "./bundleCache.ts";
import { foldersOf, type BundledFunctions } from "./components.ts";
import { loadDefinition, type Bundle } from "./loadBundle.ts";

/**
 * Globals that differ between functions and Node: `process.env` is the deployment's environment (a component
 * has its own); the console adds the function's name; in queries and mutations, `fetch` and timers fail, time
 * does not advance, and random numbers are seeded; a few web APIs differ (`functions/webGlobals.ts`).
 * `functions/globals.ts` provides the object.
 */
const GLOBALS = "__convexFunctionGlobals";
const REPLACED = [
  ...["fetch", "setTimeout", "setInterval", "queueMicrotask"],
  ...["console", "TextDecoder", "Date"],
];

const OPTIONS = {
  bundle: true,
  format: "cjs",
  // As `convex deploy` bundles for the default runtime: packages with a Convex build use it.
  platform: "browser",
  conditions: ["convex", "module"],
  mainFields: ["convex", "browser", "module", "main"],
  target: "node20",
  sourcesContent: false,
  logLevel: "silent",
  external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`)],
  define: {
    "process.env.NODE_ENV": '"production"',
    "process.env": `${GLOBALS}.env`,
    "globalThis.process.env": `${GLOBALS}.env`,
    "Math.random": `${GLOBALS}.random`,
    ...Object.fromEntries(
      ["subtle", "randomUUID", "getRandomValues"].flatMap((name) => [
        [`crypto.${name}`, `${GLOBALS}.${name}`],
        [`globalThis.crypto.${name}`, `${GLOBALS}.${name}`],
      ]),
    ),
    ...Object.fromEntries(REPLACED.map((name) => [name, `${GLOBALS}.${name}`])),
  },
} as const satisfies BuildOptions;

const CONFIG = /(^|[/\\])convex\.config(\.[jt]s)?$/;

/**
 * Handles `import x from "…/convex.config"` like the Convex CLI: records in a component definition the path it
 * was imported from.
 */
const componentDefinitions: Plugin = {
  name: "component-definitions",
  setup(builder) {
    builder.onResolve({ filter: CONFIG }, async (args) => {
      if (args.namespace === "component") return { path: args.path };
      if (args.pluginData === "resolved" || args.importer === "<stdin>") return undefined;
      const { path } = await builder.resolve(args.path, {
        resolveDir: args.resolveDir,
        kind: args.kind,
        importer: args.importer,
        pluginData: "resolved",
      });
      return { path, namespace: "component" };
    });
    builder.onLoad({ filter: /.*/, namespace: "component" }, (args) => ({
      contents: `import definition from ${JSON.stringify(args.path)};
        definition.componentDefinitionPath = ${JSON.stringify(args.path)};
        definition.defaultName = definition._name;
        export default definition;`,
      resolveDir: dirname(args.path),
    }));
  },
};

const SOURCES = new Set([".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs"]);

/** The files of a functions folder that Convex would bundle, as paths without extension. */
function functionFiles(folder: string): { name: string; path: string }[] {
  const found: { name: string; path: string }[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        const isSkipped = entry.name === "_generated" || entry.name === "node_modules";
        const isComponent = readdirSync(path).some((name) => CONFIG.test(name));
        if (!isSkipped && !isComponent) visit(path);
      } else if (isFunctionFile(path)) {
        const name = relative(folder, path).slice(0, -extname(path).length);
        found.push({ name: name.split(sep).join("/"), path });
      }
    }
  };
  visit(folder);
  return found;
}

function isFunctionFile(path: string): boolean {
  const name = basename(path);
  if (!SOURCES.has(extname(name)) || /^[.#]| /.test(name)) return false;
  if (name.split(".").length > 2 || /^schema\.[jt]s$/.test(name)) return false;
  return !name.endsWith(".ts") || /\b(import|export)\b/.test(readFileSync(path, "utf8"));
}

function fileIn(folder: string, name: string): string | undefined {
  return [".ts", ".js"]
    .map((extension) => join(folder, name + extension))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

export interface BundleOptions {
  /**
   * Whether stack traces show the files of functions instead of `bundle.cjs`. The map stays in the heap; on a
   * deployment, it is outside.
   */
  sourceMaps: boolean;
}

/** Bundles code, and lists the files that the bundle is made of. */
async function bundle(
  code: string,
  resolveDir: string,
  outfile: string,
  { sourceMaps }: BundleOptions,
) {
  const result = await build({
    ...OPTIONS,
    ...(sourceMaps ? { sourcemap: "inline" } : {}),
    stdin: { contents: code, resolveDir, loader: "ts" },
    outfile,
    write: false,
    metafile: true,
    plugins: [componentDefinitions],
  }).catch((error: unknown) => {
    throw new StartError(`The functions in ${resolveDir} cannot be bundled: ${String(error)}`);
  });
  return builtOf(result);
}

/** The code that esbuild has built, and the files that it is made of. */
function builtOf({ metafile, outputFiles }: BuildResult<{ write: false; metafile: true }>) {
  const files = Object.keys(metafile.inputs).map((input) => input.replace(/^component:/, ""));
  return {
    code: outputFiles[0]?.text ?? "",
    files: files.filter((input) => input !== "<stdin>").map((input) => resolve(input)),
  };
}

/** Bundles code, unless a test run did before. For Node, its file is `bundle.cjs` in `resolveDir`. */
async function bundled(code: string, resolveDir: string, options: BundleOptions): Promise<Bundle> {
  const filename = join(resolveDir, "bundle.cjs");
  const key = `${filename}\n${String(options.sourceMaps)}\n${code}`;
  const build = () => bundle(code, resolveDir, filename, options);
  return { code: await cachedBundle(key, build), filename };
}

/** Bundles `convex.config.ts`; null if it does not exist. */
async function bundleDefinition(folder: string, options: BundleOptions): Promise<Bundle | null> {
  const path = fileIn(folder, "convex.config");
  if (path === undefined) return null;
  return await bundled(`export { default } from ${JSON.stringify(path)};`, folder, options);
}

/** Bundles several functions folders together; modules are keyed by folder, then by path. */
async function bundleModules(folders: string[], options: BundleOptions): Promise<Bundle> {
  const maps = folders.map((folder) => {
    const files = functionFiles(folder);
    for (const name of ["schema", "auth.config"]) {
      const path = fileIn(folder, name);
      if (path !== undefined) files.push({ name, path });
    }
    const lines = files.map(
      ({ name, path }) => `${JSON.stringify(name)}: () => require(${JSON.stringify(path)}),`,
    );
    return `${JSON.stringify(folder)}: {\n${lines.join("\n")}\n},`;
  });
  const code = `module.exports = {\n${maps.join("\n")}\n};`;
  const [root = "."] = folders;
  return await bundled(code, root, options);
}

/** Bundles the app in a folder and every component it uses, from `convex.config.ts`. */
export async function bundleFunctions(
  folder: string,
  options: BundleOptions,
): Promise<BundledFunctions> {
  const definition = await bundleDefinition(folder, options);
  const folders = foldersOf(folder, loadDefinition(definition));
  return { folder, definition, modules: await bundleModules(folders, options) };
}

/** Bundles the thread of HTTP actions, because Node's threads do not load TypeScript. */
export async function bundleWorker(): Promise<string> {
  const path = fileURLToPath(new URL("../actionThread/worker.ts", import.meta.url));
  return await cachedBundle(path, async () => {
    const result = await build({
      ...{ entryPoints: [path], bundle: true, format: "cjs", platform: "node", target: "node20" },
      ...{ sourcemap: "inline", sourcesContent: false, logLevel: "silent" },
      ...{ write: false, metafile: true, outfile: path.replace(/ts$/, "cjs") },
    });
    return builtOf(result);
  });
}
