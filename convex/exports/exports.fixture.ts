import type { ExportMessage, ExportSession } from "./types";

const START = Date.UTC(2026, 10, 22, 10, 0, 0);

/** A message of a fixture; `at` counts minutes. */
export function message(
  at: number,
  role: ExportMessage["role"],
  fields: Partial<ExportMessage> = {},
): ExportMessage {
  return { externalId: `m${at}`, role, parts: [], createdAt: START + at * 60_000, ...fields };
}

/** A session of a fixture around these messages. */
export function session(
  messages: ExportMessage[],
  fields: Partial<ExportSession> = {},
): ExportSession {
  return {
    externalId: "s1",
    source: "claude-code",
    model: "claude-x",
    messageCount: messages.length,
    createdAt: START,
    updatedAt: START + 3_600_000,
    from: 0,
    isLast: true,
    ...fields,
    messages,
  };
}

/** Two questions, a system prompt, thinking, and tools in three dialects. */
export const ordinary = session(
  [
    message(0, "system", { textContent: "Be brief." }),
    message(1, "user", { textContent: "Which files are there?" }),
    message(2, "assistant", {
      parts: [
        { type: "thinking", content: "List them." },
        { type: "tool-call", content: { toolName: "Bash", args: { command: "ls" } } },
        { type: "tool-result", content: "a.ts\nb.ts" },
      ],
    }),
    message(3, "assistant", {
      textContent: "a.ts and b.ts",
      model: "claude-y",
      promptTokens: 10,
      completionTokens: 5,
    }),
    message(4, "user", { textContent: "Delete b.ts" }),
    message(5, "assistant", {
      parts: [
        { type: "text", content: "Deleting." },
        { type: "tool_use", content: { id: "t1", name: "mcp.fs/rm", input: { path: "b.ts" } } },
      ],
    }),
    message(6, "tool", {
      parts: [{ type: "tool_result", content: { tool_use_id: "t1", content: "ok" } }],
    }),
    message(7, "assistant", { textContent: "Done." }),
  ],
  {
    title: "Clean up",
    projectName: "demo",
    totalTokens: 15,
    cost: 0.25,
    evalStatus: "correct",
    evalTags: ["files", "cli"],
    evalNotes: "fine",
    expectedOutput: "b.ts is gone",
  },
);

/** Texts that break careless writers. */
export const HOSTILE = [
  `quotes " ' and \\ back-slashes`,
  "CRLF\r\nand CR\rand LF\n",
  "</script><script>alert(1)</script>",
  "```\nnever closed",
  "~~~~js\n```\n",
  "<!-- never closed",
  "NUL \u0000 ESC \u001b[31m BEL \u0007",
  "\u202Ertl \u2028 line \u2029 paragraph \u0085 next \uFEFF bom",
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "\tleading tab",
  "'=quoted formula",
  ',;|\t""',
  "{{ env.SECRET }} {% raw %}{# x #}",
  "file:///etc/passwd",
  "[DEEPEVAL:IMAGE:x]",
  "---\ntitle: x\n---",
  "data: [DONE]",
  "😀".repeat(10),
  "x".repeat(140_000),
];

/** A session that holds a hostile text in every place where a text may stand. */
export function hostileSession(text: string): ExportSession {
  return session(
    [
      message(0, "user", { externalId: text.slice(0, 100), textContent: text }),
      message(1, "assistant", {
        textContent: text,
        parts: [
          { type: "thinking", content: `${text} indeed` },
          {
            type: "tool-call",
            content: { name: text, args: { [text]: text, __proto__x: [text] } },
          },
          { type: "tool-result", content: text },
          { type: text, content: text },
        ],
      }),
      message(2, "assistant", { textContent: `${text} end` }),
    ],
    {
      externalId: text.slice(0, 100),
      title: text,
      model: text,
      projectName: text,
      evalStatus: "golden",
      evalTags: [text],
      evalNotes: text,
      expectedOutput: text,
    },
  );
}
