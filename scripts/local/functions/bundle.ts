import { build, type BuildOptions, type Plugin } from "esbuild";
import { readdirSync, readFileSync, statSync } from "node:fs";
import Module, { builtinModules } from "node:module";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { StartError } from "../failures.ts";
import { cachedBundle } from "./bundleCache.ts";
import { externalText } from "./externalText.ts";

/** A loaded module: its exports by name. */
type Exports = Record<string, unknown>;

/** The modules of a functions folder; each is evaluated on first use. */
export type ModuleMap = Record<string, () => Exports>;

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
    "crypto.subtle": `${GLOBALS}.subtle`,
    "globalThis.crypto.subtle": `${GLOBALS}.subtle`,
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

/** Node's undocumented method to compile a CommonJS file with its source map. */
interface CompilingModule extends Module {
  _compile(code: string, filename: string): void;
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
  const files = Object.keys(result.metafile.inputs).map((input) =>
    input.replace(/^component:/, ""),
  );
  return {
    code: result.outputFiles[0]?.text ?? "",
    files: files.filter((input) => input !== "<stdin>").map((input) => resolve(input)),
  };
}

/** Evaluates a bundle as the module that is given to it. */
type Evaluate = (this: unknown, module: { exports: unknown }, exports: unknown) => void;

/**
 * Compiled bundles by their code, with the module that was compiled: Node forgets the source map of a module that is
 * collected. The engines of a test run load the same functions again, and compiling takes most of that time.
 */
const compiledBundles = new Map<string, { evaluate: Evaluate; compiled: Module }>();

/** Compiles a bundle, unless this process did before. */
function compile(bundled: string, filename: string): Evaluate {
  // On the first line of the bundle, so that the lines of its source map stay the same.
  const code = externalText(`module.exports = (function (module, exports) {${bundled}\n});`);
  const known = compiledBundles.get(code);
  if (known?.compiled.id === filename) return known.evaluate;
  const compiled = new Module(filename) as CompilingModule;
  compiled._compile(code, filename);
  const evaluate = compiled.exports as Evaluate;
  compiledBundles.set(code, { evaluate, compiled });
  return evaluate;
}

/**
 * Bundles code and loads it from memory, so that no loader of this process changes it. For Node, its file is
 * `bundle.cjs` in `resolveDir`.
 */
async function load(code: string, resolveDir: string, options: BundleOptions): Promise<unknown> {
  const filename = join(resolveDir, "bundle.cjs");
  const key = `${filename}\n${String(options.sourceMaps)}\n${code}`;
  const bundled = await cachedBundle(key, () => bundle(code, resolveDir, filename, options));
  const evaluate = compile(bundled, filename);
  const loaded: { exports: unknown } = { exports: {} };
  evaluate.call(loaded.exports, loaded, loaded.exports);
  return loaded.exports;
}

/** The component tree that `convex.config.ts` declares, as stored by `defineApp`. */
export interface Definition {
  componentDefinitionPath?: string;
  _childComponents: [
    name: string,
    Definition,
    env: Record<string, unknown> | null,
    httpPrefix?: string,
  ][];
}

/** Evaluates `convex.config.ts`; null if it does not exist. */
export async function loadDefinition(
  folder: string,
  options: BundleOptions,
): Promise<Definition | null> {
  const path = fileIn(folder, "convex.config");
  if (path === undefined) return null;
  const code = `export { default } from ${JSON.stringify(path)};`;
  const loaded = (await load(code, folder, options)) as { default: Definition };
  return loaded.default;
}

/** Bundle several functions folders together; modules are keyed by folder, then by path. */
export async function loadModules(
  folders: string[],
  options: BundleOptions,
): Promise<Map<string, ModuleMap>> {
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
  const loaded = (await load(code, root, options)) as Record<string, ModuleMap>;
  return new Map(Object.entries(loaded));
}
