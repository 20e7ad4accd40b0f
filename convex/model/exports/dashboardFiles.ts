import { v, type ObjectType } from "convex/values";
import { AppError, notFound } from "../../errors";
import type { MessageFilter } from "../../exports/messageFilter";
import { DEFAULT_OPTIONS, type ExportOptions } from "../../exports/types";
import type { Written } from "../../exports/job";
import { TURN_MODES, type Turns } from "../../lib/enums";

/** Exports as the dashboard requests them: its dialog's options, and the result as one file. Pure. */

/** The dialog's options; an absent option is off. */
export const vFileOptions = {
  includeSystemPrompts: v.optional(v.boolean()),
  includeToolCalls: v.optional(v.boolean()),
  anonymizePaths: v.optional(v.boolean()),
  codeBlocksOnly: v.optional(v.boolean()),
  turnMode: v.optional(v.string()),
  minMessageLength: v.optional(v.number()),
};

/** Converts the dialog's options into those of exports. */
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

/** The largest return value of a function (16 MiB), less a margin for its envelope. */
const FILE_MAX_BYTES = 15 * 1024 * 1024;

/** Joins the written chunks into one text. Throws if there are no records, or too many for one answer. */
export function fileText({ chunks, records, resume }: Written): string {
  if (records === 0) throw notFound("Anything to export");
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (resume !== null || size > FILE_MAX_BYTES) {
    throw new AppError("PAYLOAD_TOO_LARGE", "Too large for one file: choose fewer sessions");
  }
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
}
