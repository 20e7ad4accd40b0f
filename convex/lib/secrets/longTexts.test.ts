import { describe, expect, test } from "vitest";
import { containsInlineData, withoutInlineData } from "../search/readable";
import type { Finding } from "./finding";
import { findIssued } from "./issued";
import { ISSUED } from "./issuedRules";
import { countSecrets } from "./mask";
import { findSecrets, maskText } from "./scan";

/** The longest text of a request, 7 MiB. */
const LONG_CHARS = 7 * 1024 * 1024;

function userTimeOf(task: () => unknown): number {
  const start = process.cpuUsage();
  task();
  return process.cpuUsage(start).user;
}

function issuedIn(text: string): Finding[] {
  const found: Finding[] = [];
  findIssued(text, found);
  return found;
}

// V8 throws a RangeError where a pattern keeps a place to go back to for each of these characters.
test("the prefix of every open format may be followed by 7 MiB of one character, or of a key", () => {
  // Bodies that differ only in their least length take the same room on the stack: one of each form is enough.
  const open = ISSUED.filter(({ body }) => body.includes(",}"));
  const ofEachForm = new Map(open.map((rule) => [rule.body.replace(/\d+/g, "n"), rule]));
  // A zero is in every class of characters.
  const zeros = "0".repeat(LONG_CHARS);
  for (const { prefixes } of ofEachForm.values()) {
    expect(issuedIn((prefixes[0] ?? "") + zeros)).toEqual([]);
  }
  const key = `ghp${"_"}${"aB3dE5gH7j".repeat(LONG_CHARS / 10)}`;
  expect(issuedIn(key)).toEqual([{ kind: "github-token", start: 0, end: key.length }]);
  expect(maskText(`${key} end`)).toBe("[redacted:github-token] end");
}, 120_000);

test.each([
  ['password="', ["A", "0", "/", "=", "-", "_", " ", "\n", "\\n"]],
  ...["", "token: ", "Authorization: Bearer ", "LS0tLS1CRUdJTi", "12345678901234.atlasv1."].map(
    (before) => [before, ["A", "\\n"]] as const,
  ),
  ["-----BEGIN PRIVATE KEY-----\n", ["A", "\n", "\\n"]],
] as const)(
  "7 MiB of one character after %j are examined",
  (before, units) => {
    for (const unit of units) {
      const text = before + unit.repeat(LONG_CHARS / unit.length);
      expect(() => findSecrets(text)).not.toThrow();
    }
  },
  120_000,
);

test("7 MiB of wrapped base64 is inline data of one piece", () => {
  const line = `${"aB3/".repeat(19)}\n`;
  const text = `see\n${line.repeat(LONG_CHARS / line.length)}aB3=\nend`;
  expect(containsInlineData(text)).toBe(true);
  expect(withoutInlineData(text)).toBe("see\n[data]\n\nend");
});

test("a signature of 7 MiB is opaque data", () => {
  expect(countSecrets({ signature: "Ab1/".repeat(LONG_CHARS / 4) })).toEqual([]);
});

test("a secret that crosses many windows takes time proportional to its length", () => {
  const windowChars = 4_096;
  const timeOf = (text: string) => userTimeOf(() => findSecrets(text, windowChars));
  // The first is one secret; in the second, another one begins in each window and none in the text before it.
  const one = `ghp${"_"}${"aB3dE5gH7j".repeat(20_000)}`;
  const many = `-ghp${"_"}${"aB3dE5gH7j".repeat(1_900)}`.repeat(10);
  for (const part of [one, many]) {
    const growths = Array.from(
      { length: 3 },
      () => timeOf(part.repeat(6)) / Math.max(6 * timeOf(part), 1),
    );
    // 1 if linear, 6 if quadratic.
    expect(Math.min(...growths)).toBeLessThan(2.5);
  }
}, 60_000);

describe("a body that is mostly one character is no secret", () => {
  const zeros = "A".repeat(120);
  test.each([
    ["the zero bytes of a picture", `R0lG+/${zeros}BCD=`],
    ["zero bytes and then other bytes", `R0lG+/${zeros}${"aB3dE5gH7j".repeat(40)}==`],
    ["a placeholder", `ghp${"_"}${"y".repeat(36)}`],
    ["a placeholder with an end", `sk-ant-api03-${"1".repeat(90)}AA`],
  ])("%s", (_, text) => {
    expect(maskText(text)).toBe(text);
    expect(countSecrets({ type: "image", data: text })).toEqual([]);
  });
});
