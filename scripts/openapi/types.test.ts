import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";
import { BAD, CLIENT, GOOD } from "./calls.fixture.ts";
import { currentDocument } from "./document.ts";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const call = (code: string) =>
  `import { get, patch, post, remove, type Schemas } from "./client";\nexport const answer = ${code};\nexport type { Schemas };\nvoid [get, patch, post, remove];\n`;

/** The faults that TypeScript finds in each call, by its code. */
let faults: Map<string, string[]>;
beforeAll(async () => {
  const document = currentDocument() as unknown as OpenAPI3;
  const types = astToString(await openapiTS(document));
  const calls = [...GOOD, ...BAD];
  const sources = new Map([
    [join(FOLDER, "api.ts"), types],
    [join(FOLDER, "client.ts"), CLIENT],
    ...calls.map((code, at) => [join(FOLDER, `call${at}.ts`), call(code)] as const),
  ]);
  const found = diagnose(sources);
  expect([found.get(join(FOLDER, "api.ts")), found.get(join(FOLDER, "client.ts"))]).toEqual([
    [],
    [],
  ]);
  faults = new Map(calls.map((code, at) => [code, found.get(join(FOLDER, `call${at}.ts`)) ?? []]));
});

test.each(GOOD)("types from the document accept %s", (code) => {
  expect(faults.get(code)).toEqual([]);
});

test.each(BAD)("types from the document refuse %s", (code) => {
  expect(faults.get(code)).not.toEqual([]);
});

/** Compiles files that exist in memory only, and lists the faults of each. */
function diagnose(sources: ReadonlyMap<string, string>): Map<string, string[]> {
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, exactOptionalPropertyTypes: false },
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => sources.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => sources.get(path) ?? ts.sys.readFile(path);
  const program = ts.createProgram([...sources.keys()], options, host);
  return new Map(
    [...sources.keys()].map((path) => {
      const all = ts.getPreEmitDiagnostics(program, program.getSourceFile(path));
      return [
        path,
        all.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " ")),
      ];
    }),
  );
}
