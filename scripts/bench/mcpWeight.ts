import { build, type Metafile } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import { startServer } from "../local/trials/server.ts";
import { printTable } from "./table.ts";

const USAGE = `npm run bench:mcp -- [--times 11]
Measures what MCP adds to the code of the HTTP API: its bytes, bundled as Convex bundles, and how long new processes
take to evaluate it and to answer first requests. Prints the least of all runs, because other work only adds time.`;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The module that is imported only by requests to `/mcp`. */
const PROTOCOL = "convex/mcp/serve.ts";

async function main(args: string[]): Promise<void> {
  const { values } = readArguments({ args, options: { times: { type: "string", default: "11" } } });
  const times = wholeNumber("--times", values.times);
  const folder = mkdtempSync(join(tmpdir(), "opensync-weight-"));
  try {
    const parts = await bundle(folder);
    printTable(
      ["code", "kB", "gzipped kB", "evaluated in ms"],
      evaluated(folder, parts, times).map(({ name, bytes, gzipped, ms }) => [
        ...[name, (bytes / 1000).toFixed(0), (gzipped / 1000).toFixed(0), ms.toFixed(0)],
      ]),
    );
    console.log();
    printTable(["request to npm start", "first, ms", "second, ms"], await requests(folder, times));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Part = { name: string; entry: string; bytes: number; gzipped: number };

/** Bundles the HTTP API with the options of Convex's command line; returns what every request loads, and the rest. */
async function bundle(folder: string): Promise<Part[]> {
  const { metafile, outputFiles } = await build({
    ...{ entryPoints: [join(ROOT, "convex/http.ts")], outdir: folder, write: false },
    ...{ bundle: true, splitting: true, format: "esm", platform: "browser", target: "esnext" },
    ...{ conditions: ["convex", "module"], minifySyntax: true, minifyIdentifiers: true },
    ...{ metafile: true, outExtension: { ".js": ".mjs" }, absWorkingDir: ROOT },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  const contents = new Map(
    outputFiles.map((file) => [relative(ROOT, file.path), file.contents] as const),
  );
  const common = loadedBy(metafile, entryOf(metafile, "convex/http.ts"));
  const protocol = loadedBy(metafile, entryOf(metafile, PROTOCOL)).filter(
    (file) => !common.includes(file),
  );
  const part = (name: string, files: string[]): Part => ({
    ...{ name, entry: join(ROOT, files[0] ?? "") },
    bytes: sum(files.map((file) => contents.get(file)?.length ?? 0)),
    gzipped: sum(files.map((file) => gzipSync(contents.get(file) ?? "").length)),
  });
  return [part("HTTP API without MCP", common), part("MCP, on its first request", protocol)];
}

function entryOf({ outputs }: Metafile, source: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source);
  if (found === undefined) throw new Error(`${source} is in no bundle of its own`);
  return found[0];
}

/** The files that a file loads at once, itself first. */
function loadedBy({ outputs }: Metafile, file: string, seen: string[] = []): string[] {
  if (seen.includes(file)) return seen;
  seen.push(file);
  for (const { path, kind } of outputs[file]?.imports ?? []) {
    if (kind === "import-statement") loadedBy({ outputs, inputs: {} }, path, seen);
  }
  return seen;
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);

/** Evaluates the parts one after the other, in a new process each time. */
function evaluated(folder: string, parts: Part[], times: number): (Part & { ms: number })[] {
  const program = join(folder, "evaluate.mjs");
  const urls = parts.map(({ entry }) => pathToFileURL(entry).href);
  writeFileSync(
    program,
    `const took = [];
for (const url of ${JSON.stringify(urls)}) {
  const began = performance.now();
  await import(url);
  took.push(performance.now() - began);
}
console.log(JSON.stringify(took));`,
  );
  const runs = Array.from({ length: times }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as number[];
  });
  return parts.map((part, n) => ({ ...part, ms: Math.min(...runs.map((run) => run[n] ?? NaN)) }));
}

/** Sends the first two requests of a kind to servers that answered another request before. */
async function requests(folder: string, times: number): Promise<string[][]> {
  const asked: [string, string, object?][] = [
    ["GET /api/sessions", "/api/sessions"],
    ["POST /mcp, tools/list", "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }],
  ];
  const took = asked.map((): [number[], number[]] => [[], []]);
  for (let time = 0; time < times; time++) {
    const server = await startServer(join(folder, `${time}.sqlite3`), ["--no-embeddings"]);
    for (const [n, [, path, body]] of asked.entries()) {
      for (const list of took[n] ?? []) list.push(await timed(server, path, body));
    }
    await server.end("SIGTERM");
  }
  return asked.map(([name], n) => [
    name,
    ...(took[n] ?? []).map((list) => Math.min(...list).toFixed(1)),
  ]);
}

async function timed(server: { url: string; key: string }, path: string, body?: object) {
  const headers = {
    ...{ Authorization: `Bearer ${server.key}`, "Content-Type": "application/json" },
    Accept: "application/json, text/event-stream",
  };
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const began = performance.now();
  const answer = await fetch(server.url + path, { headers, ...init });
  await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return performance.now() - began;
}

await runCommand(USAGE, main);
