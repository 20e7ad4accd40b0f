/// <reference types="vite/client" />
import { describe, expect, test } from "vitest";

/**
 * Who may import whom (README, "A map of the code"). `allowed` are rooms of ours; `packages` are
 * what a room may take from outside. Tests and fixtures may import anything.
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
  lib: { allowed: ["lib"], packages: [], why: "pure: no Convex, nothing of ours" },
  wire: { allowed: ["wire", "lib"], packages: [/^zod$/], why: "shapes of the HTTP API" },
  exports: {
    allowed: ["exports", "lib"],
    packages: [],
    why: "pure renderers: types of documents, never ctx",
  },
  pages: {
    allowed: ["pages", "exports", "lib"],
    packages: [/^markdown-it$/],
    why: "HTML for people, pure: types of documents and answers, never ctx",
  },
  clients: {
    allowed: ["clients", "errors", "lib", "_generated/server"],
    packages: [/^openai/, /^@workos-inc\/node/],
    why: "the outside world: no database",
  },
  model: {
    allowed: ["model", "exports", "wire", "lib", "errors", "fields", "_generated"],
    packages: [...CONVEX, /^@convex-dev\//],
    why: "the rules, and the only hands on ctx.db",
  },
  http: {
    allowed: ["http", "pages", "wire", "exports", "lib", "errors", "_generated"],
    packages: [...CONVEX, /^zod$/],
    why: "the door: no database",
  },
  fields: { allowed: ["lib"], packages: CONVEX, why: "columns" },
  schema: {
    allowed: ["fields", "wire", "lib"],
    packages: [...CONVEX, /^@convex-dev\/auth/],
    why: "tables",
  },
  errors: { allowed: ["wire", "lib"], packages: CONVEX, why: "error codes" },
};

/** Function files and the tables of the house sit at the top; these are no function files. */
const TOP_LEVEL = new Set(["http", "crons", "auth", "schema", "fields", "errors", "functions"]);
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
  const found = text.matchAll(
    /(?:^\s*(?:import|export)\s(?:[^;]*?from\s+)?|\bimport\()"([^"]+)"/gms,
  );
  return Array.from(found, ([, specifier = ""]) => resolved(name, specifier));
}

/** A relative import as a name inside `convex/`; a package stays as it is. */
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

test("the sources were found, and imports of every form are seen", () => {
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

describe.each(Object.entries(ROOMS))("%s", (name, room) => {
  const inRoom = files.filter((file) => file.room === name);

  test.each(inRoom.map((file) => [file.name, file] as const))(`${room.why}: %s`, (_, file) => {
    expect(offences(room, file.imports)).toEqual([]);
  });
});

const functionFiles = files.filter(({ name }) => !name.includes("/") && !TOP_LEVEL.has(name));

test.each(functionFiles.map((file) => [file.name, file] as const))(
  "function file %s says args, returns and audience, and leaves the database to the model",
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

test.each(files.filter(({ room }) => room === "http").map((file) => [file.name, file] as const))(
  "the door never touches the database or names a public function: %s",
  (_, { text }) => {
    expect(text).not.toMatch(/\bctx\.db\b/);
    expect(text).not.toMatch(/import \{[^}]*\bapi\b[^}]*\} from "[^"]*_generated\/api"/);
  },
);

test("no file of ours names a public function to run it", () => {
  const users = files.filter(({ text }) =>
    /import \{[^}]*\bapi\b[^}]*\} from "[^"]*_generated\/api"/.test(text),
  );
  expect(users.map(({ name }) => name)).toEqual([]);
});
