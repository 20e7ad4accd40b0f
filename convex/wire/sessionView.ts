import * as z from "zod";
import { nearestName } from "../lib/nearest";
import { keysOf } from "../lib/record";
import { SessionAnswer } from "./answers";
import { repeatable } from "./parameters";
import { oneOf, readItems } from "./values";

/** Which fields of sessions a client wants, for lists that are small enough to be loaded often. */

type FieldName = keyof SessionAnswer;

const NAMES = keysOf(SessionAnswer.shape);

/** The fields of `view=compact`: what a line of a list shows. */
export const COMPACT_FIELDS: readonly FieldName[] = [
  "id",
  "externalId",
  "source",
  "title",
  "projectName",
  "model",
  "state",
  "messageCount",
  "totalTokens",
  "cost",
  "createdAt",
  "changedAt",
  "lastMessageAt",
];

const fields = repeatable(
  z
    .unknown()
    .transform((value, issues): FieldName[] | undefined => {
      const wanted = readItems(value);
      const names = wanted.flatMap((one) => NAMES.find((name) => name === one) ?? []);
      if (names.length === wanted.length) return wanted.length === 0 ? undefined : names;
      const unknown = wanted.find((one) => !NAMES.some((name) => name === one)) ?? "";
      const meant = nearestName(unknown, NAMES);
      const hint =
        meant === undefined ? `use some of ${NAMES.join(", ")}` : `did you mean ${meant}?`;
      issues.addIssue({ code: "custom", message: `has no ${unknown.slice(0, 100)}; ${hint}` });
      return z.NEVER;
    })
    .optional()
    .meta({
      type: "array",
      items: { type: "string", enum: NAMES },
      description: "Only these fields of sessions, and `id`. They replace `view`.",
    }),
);

/** The parameters that choose fields. */
export const fieldParameters = {
  view: oneOf(
    ["full", "compact"],
    `All fields of sessions (\`full\`, the default), or only ${COMPACT_FIELDS.join(", ")}.`,
  ),
  fields,
};

/** The fields that a request wants; undefined for all. */
export function wantedFields({
  view,
  fields: names,
}: {
  view?: "full" | "compact";
  fields?: FieldName[];
}): readonly FieldName[] | undefined {
  if (names !== undefined) return ["id", ...names.filter((name) => name !== "id")];
  return view === "compact" ? COMPACT_FIELDS : undefined;
}

/** A session with the wanted fields only. */
export const PartialSession = SessionAnswer.partial()
  .required({ id: true })
  .meta({ id: "PartialSession", description: "A session with the fields that were asked for." });

/** The media type of answers with `PartialSession`: JSON under a name of its own, because the schema differs. */
export const PARTIAL_JSON = "application/json; view=partial";
