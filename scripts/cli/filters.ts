import { resolve } from "node:path";
import type { Query } from "./client.ts";
import { usageError } from "./failure.ts";
import type { Io } from "./io.ts";

/** Options that narrow down sessions, the same for every command. They are the filters of the HTTP API. */

const text = { type: "string" } as const;
export const FILTER_OPTIONS = {
  project: { ...text, short: "p" },
  source: text,
  model: text,
  tag: text,
  status: text,
  branch: text,
  host: text,
  state: text,
  since: text,
  until: text,
  "min-tokens": text,
} as const;

type Values = { readonly [name in keyof typeof FILTER_OPTIONS]?: string };

export function filterQuery(io: Io, values: Values): Query {
  const { project, since, until, "min-tokens": minTokens, ...same } = values;
  const { source, model, tag, status, branch, host, state } = same;
  return {
    ...{ source, model, tag, status, branch, host, state },
    project: project === undefined ? undefined : projectOf(io, project),
    from: since === undefined ? undefined : readSince(io, since),
    to: until,
    min_tokens: minTokens,
  };
}

/** `.` and other paths are the folder that a tool was started in; anything else is a project's name. */
const projectOf = (io: Io, project: string) =>
  /^(?:\.{1,2}(?:\/|$)|~?\/)/.test(project)
    ? resolve(io.cwd, project.replace(/^~(?=\/)/, io.home))
    : project;

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `14d` or `12h` before now, or a day or time that the server reads. */
export const readSince = (io: Io, since: string) => readTime(io, "since", since, -1);

/** `14d` or `12h` from now, or a day or time that the server reads. */
export const readExpires = (io: Io, expires: string) => readTime(io, "expires", expires, 1);

function readTime(io: Io, option: string, value: string, direction: -1 | 1): string {
  const span = /^(\d{1,5})([mhdw])$/.exec(value);
  if (span) {
    const unit = span[2] as keyof typeof UNITS;
    return String(io.now() + direction * Number(span[1]) * UNITS[unit]);
  }
  if (/^\d{4}-\d{2}-\d{2}/.test(value)) return value;
  const what = direction < 0 ? "an age" : "a time span";
  throw usageError(
    `--${option} takes ${what} (30m, 12h, 14d, 2w) or a day (2026-01-31), not ${value}.`,
  );
}
