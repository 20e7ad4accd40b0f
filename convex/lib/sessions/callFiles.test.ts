import { describe, expect, test } from "vitest";
import { filesOfCall, isSameFile } from "./callFiles";

describe("the files of a tool call", () => {
  test.each<[string, string, unknown, { path: string; use: string }[]]>([
    [
      "Claude Code",
      "Edit",
      { file_path: "/a/b.ts", old_string: "x" },
      [{ path: "/a/b.ts", use: "changed" }],
    ],
    ["Claude Code, reading", "Read", { file_path: "/a/b.ts" }, [{ path: "/a/b.ts", use: "read" }]],
    ["OpenCode", "read", { filePath: "src/b.ts" }, [{ path: "src/b.ts", use: "read" }]],
    ["Cursor", "edit_file", { target_file: "src/b.ts" }, [{ path: "src/b.ts", use: "changed" }]],
    [
      "Gemini CLI",
      "write_file",
      { absolute_path: "/a/b.ts" },
      [{ path: "/a/b.ts", use: "changed" }],
    ],
    [
      "a list of paths",
      "read_many_files",
      { paths: ["a.ts", "b.ts"] },
      [
        { path: "a.ts", use: "read" },
        { path: "b.ts", use: "read" },
      ],
    ],
    [
      "edits that name their files",
      "MultiEdit",
      { edits: [{ file_path: "a.ts" }, { file_path: "a.ts" }] },
      [{ path: "a.ts", use: "changed" }],
    ],
    [
      "Codex' changes by path",
      "apply_patch",
      { changes: { "src/a.ts": { type: "update" } } },
      [{ path: "src/a.ts", use: "changed" }],
    ],
    [
      "Codex' patch as text",
      "apply_patch",
      "*** Begin Patch\n*** Add File: src/new file.ts\n+a",
      [{ path: "src/new file.ts", use: "changed" }],
    ],
    [
      "a patch in a shell command",
      "shell",
      { command: ["apply_patch", "*** Update File: a.py\n@@"] },
      [{ path: "a.py", use: "changed" }],
    ],
    [
      "a unified diff",
      "apply",
      { diff: "--- a/x.c\n+++ b/x.c\n@@" },
      [{ path: "x.c", use: "changed" }],
    ],
    ["an address", "fetch", { path: "https://example.com/a" }, []],
    ["prose", "note", { path: "two\nlines" }, []],
    ["no arguments", "ls", null, []],
  ])("%s", (_, name, args, files) => {
    expect(filesOfCall(name, args)).toEqual(files);
  });

  test("are bounded in number", () => {
    const paths = Array.from({ length: 5_000 }, (_, n) => `f${n}.ts`);
    expect(filesOfCall("read", { paths })).toHaveLength(100);
  });
});

test.each([
  ["/home/ada/app/src/a.ts", "src/a.ts", true],
  ["src/a.ts", "/home/ada/app/src/a.ts", true],
  ["C:\\app\\src\\a.ts", "src/a.ts", true],
  ["./a.ts", "a.ts", true],
  ["lib/a.ts", "src/a.ts", false],
  ["ba.ts", "a.ts", false],
  ["", "a.ts", false],
])("whether %s is %s: %s", (path, wanted, same) => {
  expect(isSameFile(path, wanted)).toBe(same);
});
