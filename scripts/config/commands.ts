import { build, type Plugin } from "esbuild";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SCRIPTS = fileURLToPath(new URL("..", import.meta.url));

/** The commands that tests run as processes, by their files in `scripts/`. */
const COMMANDS = [
  ...["local/main", "local/key", "local/call", "local/trials/soak", "local/trials/scale"],
  ...["local/trials/exports", "soak/main", "bench/main", "bench/search", "import/main"],
  ...["syncDocs", "smoke", "e2e/conformance/main"],
];

/** Marks a path that is resolved by esbuild itself, not by the plugin again. */
const RESOLVED = {};

/** Bundled files keep the `import.meta.url` of their sources, and load packages from where those would. */
const inPlace: Plugin = {
  name: "in-place",
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        "import.meta.url",
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: "ts",
    }));
    builder.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind === "entry-point" || pluginData === RESOLVED || isBuiltin(path)) return undefined;
      const found = await builder.resolve(path, { kind, resolveDir, pluginData: RESOLVED });
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

/** Bundles the commands into a folder, each under the name of its file. */
export async function bundleCommands(folder: string): Promise<void> {
  await build({
    entryPoints: COMMANDS.map((name) => ({ in: join(SCRIPTS, `${name}.ts`), out: name })),
    ...{ outdir: folder, outExtension: { ".js": ".mjs" }, plugins: [inPlace] },
    ...{ bundle: true, splitting: true, format: "esm", platform: "node", target: "node20" },
    ...{ sourcemap: "inline", sourcesContent: false, logLevel: "error" },
  });
}
