import * as z from "zod";
import { utf8Length, wellFormed } from "../lib/text";
import { route } from "./route";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { clamped } from "./values";

const PATH_MAX_BYTES = 4_096;

const FilesQuery = z
  .object({
    path: z
      .string({ error: "is required" })
      .overwrite(wellFormed)
      .refine((path) => /[^\s/\\.]/.test(path), "must name a file")
      .refine(
        (path) => utf8Length(path) <= PATH_MAX_BYTES,
        `is longer than ${PATH_MAX_BYTES} bytes`,
      )
      .meta({
        description: "A file's path, absolute, from the root of its repository, or its name.",
      }),
    limit: clamped("Maximum number of sessions.", 1, 50, 10),
    ...sessionFilters,
  })
  .transform(({ path, limit, ...query }) => ({ path, limit, filters: readSessionFilters(query) }));

/** What a message did with a file, and by which tool call; `mentioned` means in words. */
const FileMention = z.object({
  messageId: z.string(),
  use: z.enum(["changed", "read", "used", "mentioned"]),
  tool: z.string().optional(),
});

const FilesAnswer = z.object({
  path: z.string(),
  sessions: z
    .array(
      z.object({
        sessionId: z.string(),
        title: z.string().optional(),
        project: z.string().optional(),
        source: z.string(),
        createdAt: z.number(),
        mentions: z.array(FileMention),
      }),
    )
    .meta({ description: "Sessions that changed the file first, then those that read it." }),
  truncated: z.boolean().meta({
    description:
      "There may be more: a search reads a bounded number of messages. Narrow it by project.",
  }),
});
export type FilesAnswer = z.output<typeof FilesAnswer>;

export const getFiles = route({
  method: "GET",
  path: "/api/files",
  name: "getFiles",
  summary: "The sessions that changed, read or mentioned a file",
  access: "caller",
  limit: "search",
  query: FilesQuery,
  answer: FilesAnswer,
});
