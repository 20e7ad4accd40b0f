import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transcriptLines } from "./killed.ts";
import { ShapedTranscripts } from "./shape.ts";

/** Histories for the bench, of any size. */

/** What the messages of an invented history are like: as long as real ones, or short. */
export type Shape = "real" | "short";

type Size = { bytes: number; sessionBytes: number };

/** Writes transcripts of Claude Code, and returns how many bytes they have. */
export async function writeInvented(root: string, shape: Shape, size: Size): Promise<number> {
  mkdirSync(join(root, "-work-app"), { recursive: true });
  const shaped = new ShapedTranscripts();
  let written = 0;
  for (let n = 0; written < size.bytes; n++) {
    const session = `bench-${n}`;
    const file = createWriteStream(join(root, "-work-app", `${session}.jsonl`));
    // Each block of lines has ids of its own.
    for (let block = 0, own = 0; own < size.sessionBytes && written < size.bytes; block++) {
      const lines =
        shape === "real" ? shaped.lines(session) : transcriptLines(`${session}-${block}`, 50, 300);
      const text = `${lines.join("\n")}\n`;
      if (!file.write(text)) await once(file, "drain");
      own += Buffer.byteLength(text);
      written += Buffer.byteLength(text);
    }
    file.end();
    await once(file, "finish");
  }
  return written;
}

/** Writes the JSON lines below a folder again and again, with other ids each time; returns their bytes. */
export function writeRepeated(root: string, from: string, bytes: number): number {
  const paths = readdirSync(from, { recursive: true, encoding: "utf8" }).sort();
  const files = paths
    .filter((path) => path.endsWith(".jsonl"))
    .map((path) => ({ path, text: readFileSync(join(from, path), "utf8") }));
  if (files.length === 0) throw new Error(`There are no JSON lines below ${from}`);
  let written = 0;
  for (let copy = 0; written < bytes; copy++) {
    for (const { path, text } of files) {
      const [to, content] = [
        join(root, `${copy}`, withOtherIds(path, copy)),
        withOtherIds(text, copy),
      ];
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, content);
      written += Buffer.byteLength(content);
    }
  }
  return written;
}

/** Ids as providers and tools make them: UUIDs, and letters behind a short name. */
const ID =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b(?:msg|toolu|req|call|rs|fc|ctc|ws|tsc|chatcmpl)_[A-Za-z0-9]{12,}/g;

/** The same text with ids that no other copy has; equal ids stay equal, and lengths stay. */
function withOtherIds(text: string, copy: number): string {
  return text.replace(ID, (id) => {
    const digits = createHash("sha256").update(`${copy} ${id}`).digest("hex");
    const kept = id.indexOf("_") + 1;
    // The hyphens of a UUID stay where they are.
    return (
      id.slice(0, kept) +
      id.slice(kept).replace(/[A-Za-z0-9]/g, (_, at: number) => digits.charAt(at % digits.length))
    );
  });
}
