import { DEFAULT_OPTIONS } from "./types";
import { describe, expect, test } from "vitest";
import { createAnonymizer, namesIn } from "../lib/exports/anonymize";
import { anonymized } from "./anonymize";
import { message, session } from "./exports.fixture";
import { formats, isFormatName } from "./index";

const { text } = createAnonymizer("key", ["ada"]);

describe("anonymising replaces", () => {
  test.each([
    "/Users/grace/code/x.ts",
    "/home/grace/.ssh/id",
    "/mnt/c/Users/grace/x",
    "C:\\Users\\Grace Hopper\\x",
    '{"p":"C:\\\\Users\\\\grace\\\\x"}',
    "file:///home/grace/x",
    "(/home/grace)",
    "/USERS/grace/x",
    "\\\\server\\Users\\grace\\x",
    "\\\\wsl$\\Ubuntu\\home\\grace\\x",
    "\\\\wsl.localhost\\Ubuntu-22.04\\home\\grace",
    "//wsl.localhost/Ubuntu/home/grace/x",
    "%2FUsers%2Fgrace%2Fx",
    "C%3A%5CUsers%5Cgrace%5Cx",
    "file:///c%3A/Users/grace/x",
    "~/.claude/projects/-Users-grace-repo/x.jsonl",
    "C--Users-grace-repo",
    "-home-grace-repo",
    "~grace/x",
    "https://www.example.edu/~grace/x",
    "git@github.com:grace/repo.git",
    "ssh://git@host.example/grace/repo",
    "grace@laptop:~/work$ ls",
    "scp x grace@10.0.0.4:/tmp",
    '"\\/Users\\/grace\\/x"',
    "/System/Volumes/Data/Users/grace/x",
    "vscode-remote://ssh-remote%2Bh/home/grace/x",
    "ssh://u@h/home/grace/x",
    "sftp://h:22/home/grace",
    '"ssh:\\/\\/u@h\\/home\\/grace"',
    "/Volumes/Macintosh HD/Users/grace/x",
    "/private/home/grace",
    "/private/var/home/grace",
    "/rootfs/home/grace",
    "/host/home/grace",
    "/mnt/data/home/grace",
    "//server/Users/grace/x",
    "//server/c$/Users/grace/x",
  ])("the user in %s", (path) => {
    expect(text(path).toLowerCase()).not.toContain("grace");
    expect(text(path)).toMatch(/user-[0-9a-f]{12}/);
  });

  test.each([
    "grace.hopper+x@navy.mil",
    "grace%40navy.mil",
    "jürgen@müller.de",
    "ada@xn--mller-kva.de",
    `osk_${"abcdefghijklmnopqrstuvwxyz012345"}`,
    "sk-proj-Abc123Abc123Abc123Abc123",
    "ghp_0123456789abcdefABCDEF0123456789abcd",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "hunter22pass",
  ])("%s", (secret) => {
    const contexts = [
      `password=${secret}`,
      `{"api_key":"${secret}"}`,
      `export DB_TOKEN='${secret}'`,
      ...(secret === "hunter22pass" ? [`postgres://me:${secret}@db/x`] : [`see ${secret} there`]),
    ];
    for (const context of contexts) expect(text(context)).not.toContain(secret);
  });

  test("a known name wherever it occurs as a word", () => {
    expect(text("Ask Ada, ADA_dev or ada@x; -Users-ada-code").toLowerCase()).not.toMatch(
      /\bada|ada_/,
    );
    expect(text("an adamant adage")).toBe("an adamant adage");
  });
});

test.each([
  "import { useState } from 'react'; // app/home/page.tsx",
  "git@github.com and GET /api/users/12",
  "the token limit is 8192, tokens: 100",
  "/home/user/x and /Users/Shared/y and C:\\Users\\Public\\z",
  "key-value-store-implementation",
  "550e8400-e29b-41d4-a716-446655440000",
  "0123456789abcdef0123456789abcdef01234567",
  "lodash@4.17.21, @types/node@22.20.5, logo@2x.png",
  "https://example.com/home/dashboard/x and wss://example.com/Users/list/1",
  "git@github.com:convex.git and ~100 files, ~1.2.3, ~/code",
])("ordinary text stays: %s", (ordinary) => {
  expect(text(ordinary)).toBe(ordinary);
});

test("a name that is also a word of code is replaced only where it is a name", () => {
  const max = createAnonymizer("key", ["Max", "Max Mustermann", "Grace Hopper"]);
  const code = "Math.max(a, max) max_tokens: 5, --max-width, `max`, x.max = max";
  expect(max.text(code)).toBe(code);
  expect(max.text("Max, please; Max's idea. /home/max/x")).not.toMatch(/\bmax\b/i);
  expect(max.text("Max Mustermann")).toMatch(/^user-\w{12}$/);
  expect(max.text("grace-hopper/x and Grace.Hopper")).toMatch(/^(user-\w{12})\/x and \1$/);
});

test("pseudonyms are an HMAC under the key, so known pairs reveal no others", () => {
  const [one, two] = ["k1", "k2"].map((key) => createAnonymizer(key, ["ada"]).text("ada"));
  expect(one).not.toBe(two);
  expect(one).toMatch(/^user-[0-9a-f]{12}$/);
});

test("a person or secret has the same pseudonym within an export and another one in other exports", () => {
  const other = createAnonymizer("another key", ["ada"]);
  expect(text("ada /home/ada")).toMatch(/^(user-\w+) \/home\/\1$/);
  expect(other.text("ada")).not.toBe(text("ada"));
});

test("names are collected from home paths, not from routes or files", () => {
  expect(namesIn("/home/grace/x /app/home/page.tsx /home/page.tsx /home/ci/x")).toEqual(["grace"]);
});

test("no format reveals the person, wherever the name occurred", () => {
  const told = session(
    [
      message(0, "user", { textContent: "I am Grace, grace@navy.mil, in /home/grace/cobol" }),
      message(1, "assistant", {
        textContent: "Hello grace",
        parts: [
          { type: "tool-call", content: { name: "Bash", args: { "/home/grace": ["cd ~grace"] } } },
          { type: "tool-result", content: "osk_abcdefghijklmnopqrstuvwxyz012345" },
        ],
      }),
    ],
    {
      title: "grace's day",
      projectPath: "/home/grace/cobol",
      projectName: "grace-cobol",
      evalNotes: "by Grace",
      evalTags: ["grace"],
      expectedOutput: "Grace",
    },
  );
  const safe = anonymized(told, { key: "k", names: [] });
  for (const name of Object.keys(formats).filter(isFormatName)) {
    for (const turns of ["single", "multi", "full"] as const) {
      const written = formats[name]
        .render(safe, { ...DEFAULT_OPTIONS, turns, style: "chat" })
        .join("\n");
      expect(written).not.toMatch(/grace|navy\.mil|osk_/i);
    }
  }
  expect(told.title).toBe("grace's day");
});

// A backtracking pattern would hang here until the test times out.
test.each([
  ...["a", "-", "token", "sk-", "a.", "/home/", "eyJ", "eyJ-", " ", "{", "é", "a@", "secret:"],
  ...[
    "/home/x ",
    "\\\\",
    "C:\\Users\\",
    "-Users-",
    "~a/",
    "git@a:",
    "%2FUsers%2F",
    "a@b.",
    "/Users/a1 ",
    "//a",
    "//a/",
    "x://a/b/",
    "/Volumes/a ",
  ],
])("400,000 characters of '%s' are processed completely", (unit) => {
  const long = unit.repeat(400_000 / unit.length);
  expect(text(`${long} by ada of /home/grace`)).not.toMatch(/\bada\b|grace/);
});

test("the fields beside a part's content are anonymised like the content, and so are its type and a role", () => {
  const part = { type: "janeroe/tool", content: "done", cwd: "/Users/janeroe/repo" };
  const one = session([message(0, "unknown", { rawRole: "janeroe's agent", parts: [part] })]);
  const told = JSON.stringify(anonymized(one, { key: "key", names: ["janeroe"] }).messages);
  expect(told).not.toContain("janeroe");
  expect(told).toMatch(/\/Users\/user-[0-9a-f]{12}\/repo/);
});

test("a name has one pseudonym, however it is capitalised", () => {
  const labels = ["/home/grace/x", "/home/Grace/x", "/home/GRACE/x"].map((path) => text(path));
  expect(new Set(labels).size).toBe(1);
});
