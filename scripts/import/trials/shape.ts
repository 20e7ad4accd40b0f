import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonStringBytes } from "../../../convex/lib/text";

/**
 * Transcripts with the shape of real ones: which lines follow each other, and how long each of their texts is, was
 * taken from the transcripts of Claude Code that users published (`shape.test.ts` compares). Their texts are those of
 * this repository, so that the importer reads prose and code.
 */

/**
 * Each word is a line: `p` a prompt, `a` an answer's text, `c` the arguments of a tool call, `r` a tool's result, `b` a
 * line that holds no conversation, with the length of its text as JSON. A result may have a structured copy: `s` is
 * the length of what it repeats, `d` that of the rest.
 */
export const SHAPES = [
  `b145 b132 a268 c240 r365s709d497 a54 c95 r279s279d66 a57 c73 r0d66 a45 c477 r2743s2750 a71 c101 r72s72d66 a196
  c103 r1574s1167d26 a221 c372 r655s1000d1022 a51 c89 r0d66 a31 c497 r2747s2754 a222 c88 r72s72d66 a145 c67
  r944s944d66 a74 c512 r133s133d66 a89 c66 r19366s19366d66 a69 c84 r525s525d66 a239 c92 r2227s2227d66 a816 p29 c236
  r59 a462 c124 r133s133d66 a656 p64 a172 c131 r544s544d66 a238 c127 r715s459d26 a248 c676 r739s979d1278 a102 c642
  r692s983d996 a54 c119 r591s598 a108 c78 r177s177d66 a179 c68 r0d66 c419 r4324s4331 a260 c77 r65s65d66 a34 c96
  r177s177d66 a219 c432 r131s131d66 a31 c76 r0d66 a85 c66`,
  `b236 p86 a107 c156 c26 c27 r5s12 r92d163 r88d159 c107 c103 r6164s5455d26 r111s160d25 p113 a4298 b236 p503 c3320
  r59 a7327 b236 p92 a5079 b236 p95 a4366 b236 p2 c886 r160d905 a2444 b236 p403 c2020 r59 c1209 r160s875d1228 a3725
  b236 p586 c3044 r59 c200 c239 r388d532 r1000d1134 c62 r3042d3086 b458 b480 b480 b458 b458 c71 r3173d3216 a60 c247
  c216 c210 r906d1044 r914d1050 r1141d1278 c1272 r160s1198d1291 a3468 c74 r3251d3292 a67 c198 c193 r1366d1479
  r1263d1390 a1903 b236 p227 c1423`,
  "b157 p22895 a340",
  "p219 a1182 p47 a44 c573 r59 a1132",
  "b169 b139 p17 a25 b157",
];

type Line = { kind: string; length: number; repeated?: number; rest?: number };

function linesOf(shape: string): Line[] {
  return shape.split(/\s+/).map((word) => {
    const [, kind = "b", length, repeated, rest] =
      /^([pacrb])(\d+)(?:s(\d+))?(?:d(\d+))?$/.exec(word) ?? [];
    return {
      ...{ kind, length: Number(length) },
      ...(repeated === undefined ? {} : { repeated: Number(repeated) }),
      ...(rest === undefined ? {} : { rest: Number(rest) }),
    };
  });
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Gives texts of any length out of files, one behind the other, so that no two are equal. */
class Texts {
  readonly #all: string;
  #at = 0;

  constructor(folders: readonly string[], extension: string) {
    const files = folders.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(extension) && !/_generated|fixture|secrets/.test(name))
        .sort()
        .map((name) => join(ROOT, folder, name)),
    );
    this.#all = files.map((file) => readFileSync(file, "utf8")).join("\n");
  }

  /** The next text that takes so many bytes as JSON. */
  next(length: number): string {
    if (this.#at + length > this.#all.length) this.#at = (this.#at + 7_919) % 10_007;
    let text = this.#all.slice(this.#at, this.#at + length);
    for (let over = jsonStringBytes(text) - length; over > 0; over = jsonStringBytes(text) - length)
      text = text.slice(0, -Math.max(1, Math.floor(over / 2)));
    this.#at += text.length;
    return text;
  }
}

/** Writes transcripts of one session after the other, each of them with ids of its own. */
export class ShapedTranscripts {
  readonly #prose = new Texts(["docs"], ".md");
  readonly #code = new Texts(["convex", "scripts"], ".ts");
  readonly #shapes = SHAPES.map(linesOf);
  #copies = 0;
  /** The message that the next one of its session follows. */
  #last = { session: "", uuid: "" };

  /** The lines of a session: all shapes, one behind the other. */
  lines(session: string): string[] {
    return this.#shapes.flatMap((lines) => this.#copy(session, lines));
  }

  #copy(session: string, lines: readonly Line[]): string[] {
    const copy = ++this.#copies;
    const id = (prefix: string, at: number) => `${prefix}_01${hex(copy, 8)}${hex(at, 14)}`;
    const uuid = (at: number) => `${hex(copy, 8)}-0000-4000-8000-${hex(at, 12)}`;
    const began = Date.UTC(2026, 8, 1, 8, 0, 0) + copy * 3_600_000;
    const calls: number[] = [];
    let answer = 0;
    return lines.map((line, at) => {
      if (line.kind === "b") return padded({ type: "file-history-snapshot" }, line.length);
      const { length } = line;
      // Texts and calls that follow each other are one answer.
      if (!/[ac]/.test(lines[at - 1]?.kind ?? "")) answer = at;
      const envelope = {
        parentUuid: this.#last.session === session ? this.#last.uuid : null,
        ...{ isSidechain: false, userType: "external", sessionId: session, version: "2.0.5" },
        cwd: "/Users/user/Documents/GitHub/projects/example-project/.worktrees/streaming",
        gitBranch: "feature-branch",
        ...{ uuid: uuid(at), timestamp: new Date(began + at * 1_000).toISOString() },
      };
      this.#last = { session, uuid: envelope.uuid };
      const own = { id: id("msg", answer), request: id("req", answer) };
      if (line.kind === "c") calls.push(at);
      switch (line.kind) {
        case "p": {
          const content = this.#prose.next(length);
          return JSON.stringify({ ...envelope, type: "user", message: { role: "user", content } });
        }
        case "a":
          return answered(envelope, own, { type: "text", text: this.#prose.next(length) });
        case "c": {
          const input = { command: this.#code.next(Math.max(0, length - COMMAND_BYTES)) };
          const call = { type: "tool_use", id: id("toolu", at), name: "Bash", input };
          return answered(envelope, own, call);
        }
        default: {
          const text = this.#code.next(length);
          const called = id("toolu", calls.shift() ?? at);
          return JSON.stringify({
            ...{ ...envelope, type: "user", message: resultOf(called, text) },
            ...this.#detailOf(line, text),
          });
        }
      }
    });
  }

  /** The structured copy of a result, as the tools write it that leave so much of it. */
  #detailOf({ repeated = 0, rest }: Line, text: string): { toolUseResult?: unknown } {
    if (rest === undefined) return repeated > 0 ? { toolUseResult: `Error: ${text}` } : {};
    if (rest <= 26) {
      const file = { filePath: "/work/a.ts", content: text, numLines: 9, startLine: 1 };
      return { toolUseResult: { type: "text", file: { ...file, totalLines: 9 } } };
    }
    if (rest === 66)
      return { toolUseResult: { stdout: text, stderr: "", interrupted: false, isImage: false } };
    const result = this.#code.next(Math.max(0, rest - 40));
    if (repeated === 0) return { toolUseResult: { filePath: "/work/a.ts", result } };
    const original = this.#code.next(repeated);
    return {
      toolUseResult: { filePath: "/work/a.ts", structuredPatch: result, originalFile: original },
    };
  }
}

/** Bytes of the arguments of a call beside its command. */
const COMMAND_BYTES = `{"command":""}`.length - 2;

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");

function padded(fields: object, length: number): string {
  const empty = JSON.stringify({ ...fields, snapshot: "" });
  return JSON.stringify({ ...fields, snapshot: "x".repeat(Math.max(0, length - empty.length)) });
}

const resultOf = (id: string, content: string) => ({
  role: "user",
  content: [{ tool_use_id: id, type: "tool_result", content }],
});

function answered(envelope: object, own: { id: string; request: string }, block: object): string {
  const cache = { cache_creation_input_tokens: 357, cache_read_input_tokens: 286_510 };
  const split = { ephemeral_5m_input_tokens: 357, ephemeral_1h_input_tokens: 0 };
  const usage = { input_tokens: 3, ...cache, cache_creation: split, output_tokens: 179 };
  return JSON.stringify({
    ...{ ...envelope, type: "assistant", requestId: own.request },
    message: {
      ...{ id: own.id, type: "message", role: "assistant", model: "claude-sonnet-4-20250514" },
      ...{ content: [block], stop_reason: null, stop_sequence: null },
      usage: { ...usage, service_tier: "standard" },
    },
  });
}
