import * as z from "zod";
import { count, text, time } from "./units";

/** A session as its relatives name it. */
export const Relative = z
  .object({
    id: text("Our id."),
    externalId: text("The plugin's id."),
    title: text("Its title.").optional(),
    relation: text(
      "How it derives from its own parent: `fork`, `resume` or `subagent`.",
    ).optional(),
    source: text("The tool."),
    messageCount: count("Number of messages."),
    createdAt: time("Its beginning"),
  })
  .meta({ id: "Relative", description: "A session above or below another." });
export type Relative = z.output<typeof Relative>;

export const parent = Relative.optional().meta({
  description: "The stored session that this one was forked, resumed or spawned from.",
});
