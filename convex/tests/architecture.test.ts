/// <reference types="vite/client" />
import { describe, expect, test } from "vitest";

/**
 * Which directory may import which (`docs/architecture.md`). `allowed` lists our directories, `packages` the
 * external packages. Tests and fixtures may import anything.
 */
const sources = import.meta.glob<string>(
  ["../**/*.ts", "!../**/*.*.ts", "!../_generated/**", "!../tests/**"],
  {
    query: "?raw",
    import: "default",
    eager: true,
  },
);

type Room = { allowed: readonly string[]; packages: readonly RegExp[]; why: string };

const CONVEX = [/^convex\//, /^convex-helpers/];
const ROOMS: Record<string, Room> = {
  lib: {
    allowed: ["lib"],
    packages: [/^@noble\/hashes\//, /^@pydantic\/genai-prices$/],
    why: "pure: no Convex, nothing of ours",
  },
  wire: { allowed: ["wire", "lib"], packages: [/^zod$/], why: "shapes of the HTTP API" },
  exports: {
    allowed: ["exports", "lib"],
    packages: [],
    why: "pure renderers: types of documents, never ctx",
  },
  pages: {
    allowed: ["pages", "wire", "lib"],
    packages: [/^markdown-it$/, /^highlight\.js\//, /^diff$/],
    why: "HTML for people, pure: types of documents and answers, never ctx",
  },
  answers: {
    allowed: ["answers", "clients", "wire", "exports", "lib", "errors", "_generated"],
    packages: [...CONVEX, /^zod$/],
    why: "what HTTP, pages and MCP answer from: no database, no rules",
  },
  mcp: {
    allowed: ["mcp", "answers", "wire", "lib", "errors", "_generated"],
    packages: [...CONVEX, /^zod$/, /^@modelcontextprotocol\/server$/],
    why: "the agent's tools: no database",
  },
  clients: {
    allowed: ["clients", "errors", "lib", "_generated/server"],
    packages: [/^openai/, /^@workos-inc\/node/],
    why: "the outside world: no database",
  },
  model: {
    allowed: ["model", "exports", "wire", "lib", "errors", "fields", "_generated"],
    packages: [...CONVEX, /^@convex-dev\//],
    why: "the rules, and the only code that touches ctx.db",
  },
  http: {
    allowed: ["http", "answers", "mcp", "pages", "wire", "exports", "lib", "errors", "_generated"],
    packages: [...CONVEX, /^zod$/],
    why: "the HTTP layer: no database",
  },
  fields: { allowed: ["lib"], packages: CONVEX, why: "columns" },
  accountTables: { allowed: ["fields"], packages: CONVEX, why: "tables of accounts" },
  progressTables: { allowed: ["fields"], packages: CONVEX, why: "tables of work in progress" },
  ledgerTables: { allowed: ["fields"], packages: CONVEX, why: "tables of the ledger" },
  searchTables: { allowed: ["fields"], packages: CONVEX, why: "tables of search" },
  browserTables: { allowed: [], packages: CONVEX, why: "tables of signed-in browsers" },
  schema: {
    allowed: [
      "fields",
      "accountTables",
      "progressTables",
      "ledgerTables",
      "searchTables",
      "browserTables",
      "lib",
    ],
    packages: [...CONVEX, /^@convex-dev\/auth/],
    why: "tables",
  },
  errors: { allowed: ["wire", "lib"], packages: CONVEX, why: "error codes" },
};

/** Top-level files of `convex/` that are not function files. */
const TOP_LEVEL = new Set(
  "http crons auth schema accountTables progressTables ledgerTables searchTables browserTables fields errors functions".split(
    " ",
  ),
);
const FUNCTION_FILE: Room = {
  allowed: [
    "functions",
    "model",
    "clients",
    "exports",
    "wire",
    "lib",
    "errors",
    "fields",
    "_generated",
  ],
  packages: [...CONVEX],
  why: "args, returns, audience, one call",
};

const files = Object.entries(sources).map(([path, text]) => {
  const name = path.replace(/^\.\.\//, "").replace(/\.ts$/, "");
  const room = name.includes("/") ? (name.split("/")[0] ?? name) : name;
  return { name, room, text, imports: importsOf(name, text) };
});

function importsOf(name: string, text: string): string[] {
  return specifiersIn(text).map((specifier) => resolved(name, specifier));
}

/** Returns the import specifiers of a source, as written. */
function specifiersIn(text: string): string[] {
  const found = text.matchAll(
    /(?:^[ \t]*(?:import|export)\s(?:[^;]*?from\s+)?|\bimport\()"([^"]+)"/gms,
  );
  return Array.from(found, ([, specifier = ""]) => specifier);
}

/** Resolves a relative import to a name inside `convex/`; returns a package name unchanged. */
function resolved(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, `file:///convex/${from}`).pathname.replace("/convex/", "./");
}

function offences(room: Room, imports: string[]): string[] {
  return imports.filter((specifier) =>
    specifier.startsWith("./")
      ? !room.allowed.some((name) => isIn(specifier.slice(2), name))
      : !room.packages.some((pattern) => pattern.test(specifier)),
  );
}

function isIn(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

test("the sources are found, and every form of import is recognised", () => {
  expect(files.length).toBeGreaterThan(40);
  const text = [
    'import a, { type B } from "../lib/a";',
    'import {\n  c,\n} from "zod";',
    'import "./side";',
    'export * from "./d";',
    'const e = await import("../model/e");',
  ];
  const seen = ["./lib/a", "zod", "./http/side", "./http/d", "./model/e"];
  expect(importsOf("http/x", text.join("\n"))).toEqual(seen);
});

const filesIn = (name: string) => files.filter((file) => file.room === name);

describe.each(Object.entries(ROOMS).filter(([name]) => filesIn(name).length > 0))(
  "%s",
  (name, room) => {
    const inRoom = filesIn(name);

    test.each(inRoom.map((file) => [file.name, file] as const))(`${room.why}: %s`, (_, file) => {
      expect(offences(room, file.imports)).toEqual([]);
    });
  },
);

const functionFiles = files.filter(({ name }) => !name.includes("/") && !TOP_LEVEL.has(name));

test.each(functionFiles.map((file) => [file.name, file] as const))(
  "function file %s declares args, returns and audience, and does not access the database",
  (_, file) => {
    expect(offences(FUNCTION_FILE, file.imports)).toEqual([]);
    expect(file.text).not.toMatch(/\bctx\.db\b/);
    expect(file.text).not.toMatch(
      /import [^;]*\b(query|mutation|action|internalQuery|internalMutation|internalAction)\b[^;]*_generated\/server/,
    );
    if (file.imports.some((specifier) => isIn(specifier.slice(2), "clients"))) {
      expect(file.text).toMatch(/Action\(/);
    }
  },
);

test("an action runs inside another only where it needs Node, because it is billed twice", () => {
  const nested = files.flatMap(({ name, text }) =>
    Array.from(text.matchAll(/\.runAction\(\s*([\w.]+)/g), ([, target]) => `${name}: ${target}`),
  );
  expect(nested.sort()).toEqual([
    "auth: internal.workos.exchangeCode",
    "http/endpoint: internal.workos.ensureTokenUser",
    "http/pages/workos: internal.workos.exchangeCode",
    "http/webhooks: internal.workos.receiveWebhook",
  ]);
});

/** Directories that may only reach data through functions. */
const OUTER = ["http", "mcp", "answers", "pages", "exports", "wire", "lib"];

test.each(
  files.filter(({ room }) => OUTER.includes(room)).map((file) => [file.name, file] as const),
)(
  "code in front of the functions neither accesses the database nor names a public function: %s",
  (_, { text }) => {
    expect(text).not.toMatch(/\bctx\.db\b/);
    expect(text).not.toMatch(/import \{[^}]*\bapi\b[^}]*\} from "[^"]*_generated\/api"/);
  },
);

test("no file calls a public function by name", () => {
  const users = files.filter(({ text }) =>
    /import \{[^}]*\bapi\b[^}]*\} from "[^"]*_generated\/api"/.test(text),
  );
  expect(users.map(({ name }) => name)).toEqual([]);
});

/** Every source except tests and fixtures, by its path from the root of the repository. */
const everything = new Map(
  Object.entries({
    ...import.meta.glob<string>(["../**/*.ts", "!../**/*.*.ts", "!../_generated/**"], {
      query: "?raw",
      import: "default",
      eager: true,
    }),
    ...import.meta.glob<string>(["../../scripts/**/*.ts", "!../../scripts/**/*.*.ts"], {
      query: "?raw",
      import: "default",
      eager: true,
    }),
  }).map(([path, text]) => [new URL(path, "file:///convex/tests/").pathname, text]),
);

/** The files that a file imports, including type imports, because cycles of types are as hard to read. */
function importedBy(path: string): string[] {
  return specifiersIn(everything.get(path) ?? "").flatMap((specifier) => {
    const target = new URL(specifier, `file://${path}`).pathname;
    return [target, `${target}.ts`, `${target}/index.ts`].filter((name) => everything.has(name));
  });
}

/** Groups of files that import each other, directly or through others. */
function circles(): string[][] {
  const reached = new Map(Array.from(everything.keys(), (path) => [path, reachableFrom(path)]));
  const inCircle = Array.from(everything.keys()).filter((path) => reached.get(path)?.has(path));
  const groups = inCircle.map((path) =>
    inCircle.filter((other) => reached.get(path)?.has(other) && reached.get(other)?.has(path)),
  );
  return Array.from(new Set(groups.map((group) => group.sort().join(" ")))).map((group) =>
    group.split(" "),
  );
}

function reachableFrom(path: string): Set<string> {
  const found = new Set<string>();
  const waiting = importedBy(path);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...importedBy(next));
  }
  return found;
}

test("there are no import cycles in convex/ and scripts/, not even of types", () => {
  expect(everything.size).toBeGreaterThan(200);
  expect(circles()).toEqual([]);
});

test("nothing in convex/ imports from scripts/", () => {
  const importing = Array.from(everything.keys()).filter(
    (path) =>
      path.startsWith("/convex/") &&
      importedBy(path).some((target) => target.startsWith("/scripts/")),
  );
  expect(importing).toEqual([]);
});
