import { v, type ObjectType } from "convex/values";
import { AppError, notFound } from "../../errors";
import type { MessageFilter } from "../../exports/messageFilter";
import { DEFAULT_OPTIONS, type ExportOptions } from "../../exports/types";
import type { Written } from "../../exports/writer";
import { TURN_MODES, type Turns } from "../../lib/enums";

/** An export as the dashboard asks for it: its dialog's choices, and the answer as one file. Pure. */

/** What the dialog lets choose; absent is off. */
export const vFileOptions = {
  includeSystemPrompts: v.optional(v.boolean()),
  includeToolCalls: v.optional(v.boolean()),
  anonymizePaths: v.optional(v.boolean()),
  codeBlocksOnly: v.optional(v.boolean()),
  turnMode: v.optional(v.string()),
  minMessageLength: v.optional(v.number()),
};

/** The choices in the words of exports. */
export function fileChoices(options: ObjectType<typeof vFileOptions>): {
  options: ExportOptions;
  selection: MessageFilter;
} {
  const turns = new Map<string, Turns>(Object.entries(TURN_MODES));
  return {
    options: { ...DEFAULT_OPTIONS, turns: turns.get(options.turnMode ?? "") ?? "single" },
    selection: {
      systemPrompts: options.includeSystemPrompts ?? false,
      toolCalls: options.includeToolCalls ?? false,
      codeBlocksOnly: options.codeBlocksOnly ?? false,
      minLength: options.minMessageLength ?? 0,
    },
  };
}

/** What one answer of a function may hold, with room for its envelope. */
const FILE_MAX_BYTES = 15 * 1024 * 1024;

/** What was written, as one text; an error where that is nothing, or too much for one answer. */
export function fileText({ chunks, records, resume }: Written): string {
  if (records === 0) throw notFound("Anything to export");
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (resume !== null || size > FILE_MAX_BYTES) {
    throw new AppError("PAYLOAD_TOO_LARGE", "Too large for one file: choose fewer sessions");
  }
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
}
