import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { parseJson } from "../../convex/lib/json";
import { isJsonObject, type JsonObject, withoutMark } from "./json.ts";
import type { Item, Progress } from "./rows.ts";

/** Reading append-only files of JSON lines in bounded memory, from where reading ended before. */

const CHUNK_BYTES = 256 * 1024;
/** Longest line that is read; the longest real ones hold a document of some MB. */
const LINE_MAX_BYTES = 32 * 1024 * 1024;
/** Bytes between two places that reading can continue from. */
const CHECKPOINT_BYTES = 256 * 1024;
/** Bytes of a file's beginning, and before the place that was read to, that identify it. */
const HEAD_BYTES = 1_024;
const TAIL_BYTES = 256;

/** Turns lines of one file into rows. Deterministic: the same lines give the same rows. */
export interface LineParser {
  /** What a line brings. */
  line(value: JsonObject, at: { line: number }): Item[];
  /**
   * What must be stored before reading may continue here, and what the parser must remember then; null
   * where it holds rows back that the next lines complete. `isEnd` at the end of the file.
   */
  checkpoint(isEnd: boolean): { items: Item[]; memo: unknown } | null;
  /** What it holds back, at the end of the file. */
  end(): Item[];
}

/** Makes the parser of a file, from what it remembered, if anything. */
export type ParserOf = (memo: unknown) => LineParser | Promise<LineParser>;

type Line =
  | { kind: "text"; bytes: Buffer; end: number; isComplete: boolean }
  | { kind: "too long"; end: number };

/** The lines of a file from an offset on, each with the offset behind it. The bytes of a line are read before the next one. */
async function* linesOf(file: FileHandle, from: number): AsyncGenerator<Line> {
  let pieces: Buffer[] = [];
  let held = 0;
  let position = from;
  // One buffer for the whole file: a new one for each chunk would be garbage faster than it is collected.
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const take = (last: Buffer, end: number, isComplete: boolean): Line => {
    const isTooLong = held + last.length > LINE_MAX_BYTES;
    const bytes = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    pieces = [];
    held = 0;
    return isTooLong ? { kind: "too long", end } : { kind: "text", bytes, end, isComplete };
  };
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    let start = 0;
    for (let at = buffer.indexOf(10); at >= 0 && at < bytesRead; at = buffer.indexOf(10, start)) {
      yield take(buffer.subarray(start, at), position + at + 1, true);
      start = at + 1;
    }
    if (start < bytesRead) {
      const rest = Buffer.from(buffer.subarray(start, bytesRead));
      held += rest.length;
      // What is too long is read to its end and not kept.
      if (held <= LINE_MAX_BYTES) pieces.push(rest);
      else pieces = [];
    }
    position += bytesRead;
  }
  if (held > 0) yield take(Buffer.alloc(0), position, false);
}

type Parsed = { value: JsonObject } | { reason: string };

function parseLine(bytes: Buffer): Parsed {
  const json = parseJson(withoutMark(bytes.toString("utf8")));
  if (!json.ok) return { reason: "is not JSON" };
  return isJsonObject(json.value) ? { value: json.value } : { reason: "is no JSON object" };
}

const isBlank = (bytes: Buffer) => bytes.length < 64 && bytes.toString("utf8").trim() === "";

/**
 * Reads a file of JSON lines with this parser. The last line counts once it is complete: while it is
 * being written it waits, without a fault.
 */
export async function* readLines(
  path: string,
  from: Progress | undefined,
  parserOf: ParserOf,
): AsyncGenerator<Item> {
  const parser = await parserOf(from?.memo);
  const file = await open(path, "r");
  let { offset, line } = from ?? { offset: 0, line: 0 };
  let saved = offset;
  try {
    for await (const found of linesOf(file, offset)) {
      if (found.kind === "too long") {
        line += 1;
        offset = found.end;
        yield { kind: "fault", line, reason: `is longer than ${LINE_MAX_BYTES} bytes` };
        continue;
      }
      const parsed: Parsed | null = isBlank(found.bytes) ? null : parseLine(found.bytes);
      if (!found.isComplete) {
        if (parsed === null) break;
        if ("reason" in parsed) {
          yield { kind: "note", reason: "the last line is still being written" };
          break;
        }
        // Its line break may still come, so the next look begins with this line again, under the same number.
        yield* checkpointOf(parser, { offset, line });
        yield* itemsOf(parser, parsed.value, line + 1);
        yield* parser.checkpoint(true)?.items ?? [];
        yield* parser.end();
        return;
      }
      line += 1;
      offset = found.end;
      if (parsed === null) continue;
      if ("reason" in parsed) yield { kind: "fault", line, reason: parsed.reason };
      else yield* itemsOf(parser, parsed.value, line);
      if (offset - saved < CHECKPOINT_BYTES) continue;
      const checkpoint = checkpointOf(parser, { offset, line });
      if (checkpoint.length === 0) continue;
      yield* checkpoint;
      saved = offset;
    }
    yield* checkpointOf(parser, { offset, line }, true);
    yield* parser.end();
  } finally {
    await file.close();
  }
}

/** What must be stored for reading to continue here, and that it may; nothing where the parser holds rows back. */
function checkpointOf(
  parser: LineParser,
  at: { offset: number; line: number },
  isEnd = false,
): Item[] {
  const checkpoint = parser.checkpoint(isEnd);
  if (checkpoint === null) return [];
  return [...checkpoint.items, { kind: "checkpoint", progress: { ...at, memo: checkpoint.memo } }];
}

/** What a line brings; a line that the parser fails at is named, and its neighbours are kept. */
function itemsOf(parser: LineParser, value: JsonObject, line: number): Item[] {
  try {
    return parser.line(value, { line });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ kind: "fault", line, reason: `could not be read: ${why}` }];
  }
}

/**
 * A hash of the beginning of a file and of what stands before `offset`: it stays the same while the
 * file only grows.
 */
export async function markOf(path: string, offset: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const hash = createHash("sha256");
    const spans = [
      [0, Math.min(HEAD_BYTES, offset)],
      [Math.max(0, offset - TAIL_BYTES), Math.min(TAIL_BYTES, offset)],
    ] as const;
    for (const [position, bytes] of spans) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest("hex").slice(0, 32);
  } finally {
    await file.close();
  }
}
