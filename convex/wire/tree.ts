import * as z from "zod";

/** A session as its relatives name it. */
export const Relative = z
  .object({
    id: z.string(),
    externalId: z.string(),
    title: z.string().optional(),
    relation: z.string().optional().meta({
      description: "How it derives from its own parent: `fork`, `resume` or `subagent`.",
    }),
    source: z.string(),
    messageCount: z.number(),
    createdAt: z.number().meta({ description: "Source time of its beginning, epoch ms." }),
  })
  .meta({ id: "Relative" });
export type Relative = z.output<typeof Relative>;

export const parent = Relative.optional().meta({
  description: "The stored session that this one was forked, resumed or spawned from.",
});
