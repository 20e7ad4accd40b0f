import { describe, expect, test } from "vitest";
import {
  isOpen,
  semanticText,
  TURN_MAX_BYTES,
  toolLine,
  type TurnMessage,
  turnsOf,
  turnText,
} from "./turns";

let next = 0;
const message = (role: string, text = "x", embeddedHash?: string): TurnMessage => ({
  id: `m${next}`,
  role,
  orderKey: String(next++).padStart(4, "0"),
  text,
  embeddedHash,
});
const shape = (messages: TurnMessage[]) => turnsOf(messages).map((turn) => turn.messages.length);

describe("turns of a conversation", () => {
  test("a prompt and the answers to it are one turn", () => {
    const [u, a, t, b, v] = ["user", "assistant", "tool", "assistant", "user"].map((r) =>
      message(r),
    );
    const turns = turnsOf([u!, a!, t!, b!, v!]);
    expect(turns.map((turn) => turn.messages)).toEqual([[u, a, t, b], [v]]);
  });

  test("two consecutive prompts are two turns, and a system prompt belongs to no turn", () => {
    expect(shape([message("system"), message("user"), message("user")])).toEqual([1, 1]);
    expect(shape([message("assistant"), message("system"), message("assistant")])).toEqual([2]);
  });

  test("a turn that continued after it was embedded is split there", () => {
    const turn = [
      message("assistant", "a", "h1"),
      message("assistant"),
      message("assistant", "c", "h2"),
    ];
    expect(shape(turn)).toEqual([2, 1]);
  });

  test("an endless turn is split, and only its last part can still grow", () => {
    const turn = Array.from({ length: 30 }, () => message("assistant", "y".repeat(2_000)));
    const turns = turnsOf(turn);
    expect(turns.map((turn) => isOpen(turn))).toEqual([false, false, true]);
    for (const turn of turns)
      expect(turnText(turn.messages).length).toBeLessThan(TURN_MAX_BYTES + 2_100);
  });
});

test("a trivial turn has no text to embed", () => {
  expect(turnText([message("user", "go ahead")])).toBe("");
  expect(turnText([message("user", "go ahead"), message("assistant", "done so")])).not.toBe("");
  expect(turnText([message("user", "修复登录错误")])).not.toBe("");
});

describe("the text of a message for embedding", () => {
  test("is its prose and its tool calls, without tool results and thinking", () => {
    expect(
      semanticText([
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
  ])("renders a call of %s as one line", (name, args, line) => {
    expect(toolLine(name, args)).toBe(line);
  });

  test("the line of a call is short however long its arguments are", () => {
    expect(toolLine("Bash", { command: "😀".repeat(5_000) }).length).toBeLessThanOrEqual(160);
  });
});

test("a turn is masked as a whole, before a chunk boundary can split a secret", () => {
  const token = `ghp${"_"}${"a1B2".repeat(9)}`;
  const text = `${"Rotate the key of the deployment. ".repeat(40)}It is ${token} still.`;
  expect(turnText([message("user", text)])).toContain("It is [redacted:github-token] still.");
});
