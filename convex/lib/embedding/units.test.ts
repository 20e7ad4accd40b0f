import { describe, expect, test } from "vitest";
import {
  isOpen,
  meaningOf,
  RUN_MAX_BYTES,
  toolLine,
  type UnitMessage,
  unitsOf,
  unitText,
} from "./units";

let next = 0;
const message = (role: string, text = "x", embeddedHash?: string): UnitMessage => ({
  id: `m${next}`,
  role,
  orderKey: String(next++).padStart(4, "0"),
  text,
  embeddedHash,
});
const shape = (messages: UnitMessage[]) => unitsOf(messages).map((unit) => unit.messages.length);

describe("units of a conversation", () => {
  test("a prompt and the answers to it are one unit", () => {
    const [u, a, t, b, v] = ["user", "assistant", "tool", "assistant", "user"].map((r) =>
      message(r),
    );
    const units = unitsOf([u!, a!, t!, b!, v!]);
    expect(units.map((unit) => unit.messages)).toEqual([[u, a, t, b], [v]]);
  });

  test("two prompts in a row are two units; a system prompt belongs to none", () => {
    expect(shape([message("system"), message("user"), message("user")])).toEqual([1, 1]);
    expect(shape([message("assistant"), message("system"), message("assistant")])).toEqual([2]);
  });

  test("a run that went on after it was embedded starts anew where it was cut", () => {
    const run = [
      message("assistant", "a", "h1"),
      message("assistant"),
      message("assistant", "c", "h2"),
    ];
    expect(shape(run)).toEqual([2, 1]);
  });

  test("an endless run is cut, and only its last unit can still grow", () => {
    const run = Array.from({ length: 30 }, () => message("assistant", "y".repeat(2_000)));
    const units = unitsOf(run);
    expect(units.map((unit) => isOpen(unit))).toEqual([false, false, true]);
    for (const unit of units)
      expect(unitText(unit.messages).length).toBeLessThan(RUN_MAX_BYTES + 2_100);
  });
});

test("a turn that says next to nothing has no text to embed", () => {
  expect(unitText([message("user", "go ahead")])).toBe("");
  expect(unitText([message("user", "go ahead"), message("assistant", "done so")])).not.toBe("");
  expect(unitText([message("user", "修复登录错误")])).not.toBe("");
});

describe("what a message means", () => {
  test("is its prose and its calls, never a tool's answer or the model's thinking", () => {
    expect(
      meaningOf([
        { kind: "thinking", text: "hm" },
        { kind: "text", text: "I will look." },
        { kind: "tool-call", name: "Read", args: { file_path: "src/a.ts", limit: 5 } },
        { kind: "tool-result", output: "SECRET".repeat(1_000) },
        { kind: "other", type: "image", content: "…" },
      ]),
    ).toBe("I will look.\n\nRead: src/a.ts");
  });

  test.each([
    ["Bash", { command: "npm test\n  --run" }, "Bash: npm test --run"],
    ["Grep", { output_mode: "x", pattern: "foo_bar" }, "Grep: foo_bar"],
    ["TodoWrite", { todos: [1] }, "TodoWrite"],
    ["shell", "ls -la", "shell: ls -la"],
    ["odd", null, "odd"],
  ])("a call of %s is one line", (name, args, line) => {
    expect(toolLine(name, args)).toBe(line);
  });

  test("a call's line is short however long its arguments are", () => {
    expect(toolLine("Bash", { command: "😀".repeat(5_000) }).length).toBeLessThanOrEqual(160);
  });
});

test("a unit is masked as a whole, before chunks may cut a secret in two", () => {
  const token = `ghp${"_"}${"a1B2".repeat(9)}`;
  const text = `${"Rotate the key of the deployment. ".repeat(40)}It is ${token} still.`;
  expect(unitText([message("user", text)])).toContain("It is [redacted:github-token] still.");
});
