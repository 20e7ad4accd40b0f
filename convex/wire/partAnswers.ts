import * as z from "zod";
import { text } from "./units";

/**
 * The forms of a part that clients and plugins can rely on, and `OtherPart` for all others. A part is
 * returned as it was sent, in any dialect (`lib/sessions/readPart.ts`).
 */

const id = text("The id by which a result names its call.").optional();
const tool = text("The tool's name.");

const TextPart = z
  .object({ type: z.literal("text").meta({ description: "Text." }), content: text("The text.") })
  .meta({ id: "TextPart", description: "Text that a person or a model wrote." });

const ThinkingPart = z
  .object({
    type: z.enum(["thinking", "reasoning"]).meta({ description: "Thinking." }),
    content: text("The text."),
  })
  .meta({ id: "ThinkingPart", description: "What a model thought before it answered." });

const ToolCallPart = z
  .object({
    type: z.literal("tool-call").meta({ description: "A call." }),
    content: z
      .object({
        toolName: tool,
        toolCallId: id,
        args: z.unknown().optional().meta({ description: "The arguments: an object, or text." }),
      })
      .meta({ description: "The call." }),
  })
  .meta({ id: "ToolCallPart", description: "A call of a tool." });

const ToolResultPart = z
  .object({
    type: z.literal("tool-result").meta({ description: "A result." }),
    content: z
      .object({
        toolName: tool.optional(),
        toolCallId: id,
        result: z.unknown().optional().meta({ description: "What the tool answered: any JSON." }),
        isError: z.boolean().optional().meta({ description: "Whether the tool failed." }),
      })
      .meta({ description: "The result." }),
  })
  .meta({ id: "ToolResultPart", description: "What a tool answered." });

const FilePart = z
  .object({
    type: z.enum(["image", "file"]).meta({ description: "A picture, or any other file." }),
    content: z
      .object({
        mediaType: text("Such as `image/png`.").optional(),
        filename: text("The file's name.").optional(),
        data: text("The bytes, in base64.").optional(),
        url: text("Where the file is.").optional(),
      })
      .meta({ description: "The file: its bytes or its address." }),
  })
  .meta({ id: "FilePart", description: "A file in a message." });

const OtherPart = z
  .looseObject({
    type: text("Any type; `unknown` where none was sent."),
    content: z.unknown().optional().meta({ description: "Any JSON." }),
  })
  .meta({
    id: "OtherPart",
    description: "A part of any other form, with whatever fields stood next to its content.",
  });

/** The documented forms of a part. `OtherPart` is not one of them. */
export const KNOWN_PARTS = [
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
  FilePart,
] as const;

/** A part of a message, as it was sent. */
export const Part = z.union([...KNOWN_PARTS, OtherPart]).meta({
  id: "Part",
  description: "A content block, as it was sent.",
});
