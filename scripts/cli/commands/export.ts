import { closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Command, readArgs } from "../command.ts";
import { CliError, EXIT, usageError } from "../failure.ts";
import type { Answer } from "../request.ts";
import { FILTER_OPTIONS, filterQuery } from "../filters.ts";
import { sessionIds } from "../targets.ts";
import { visible } from "../text.ts";

export const exporting: Command = {
  usage: "export [<id|1|-> …] [--format deepeval] [--all] [--anonymize] [-o file] [filters]",
  summary: "sessions as eval data, JSON or Markdown",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      ...FILTER_OPTIONS,
      format: { type: "string" },
      all: { type: "boolean", default: false },
      anonymize: { type: "boolean", default: false },
      turns: { type: "string" },
      output: { type: "string", short: "o" },
    });
    const ids = positionals.length === 0 ? undefined : await sessionIds(io, positionals);
    const query = {
      ...filterQuery(io, values),
      ...{ format: values.format, turns: values.turns, sessionIds: ids?.join(",") },
      all: values.all || undefined,
      anonymize: values.anonymize || undefined,
    };
    const target = values.output === undefined ? undefined : new TargetFile(values.output);
    try {
      let sessions = 0;
      for (let cursor: string | undefined, answers = 0; ; answers++) {
        const answer = await client.request("GET", "/api/export", {
          query: { ...query, cursor },
        });
        cursor = answer.header("X-Export-Cursor") ?? undefined;
        sessions += Number(answer.header("X-Export-Sessions") ?? 0);
        if (cursor !== undefined && answers === 0) refuseUnjoinable(answer);
        for (const note of notes(answer)) io.err(note);
        if (target === undefined) io.out(answer.text.replace(/\n$/, ""));
        else target.write(answer.text);
        if (cursor === undefined) break;
      }
      const code = sessions > 0 ? EXIT.done : EXIT.nothingFound;
      if (target === undefined) return code;
      target.finish();
      io.err(`${target.path} has ${sessions} ${sessions === 1 ? "session" : "sessions"}.`);
      return code;
    } catch (error) {
      target?.discard();
      throw error;
    }
  },
};

/** A file that has its name only once it is complete. */
class TargetFile {
  readonly #temporary: string;
  readonly #open: number;

  constructor(readonly path: string) {
    this.#temporary = `${path}.part`;
    this.#open = this.#try(() => openSync(this.#temporary, "w"));
  }

  write(text: string): void {
    this.#try(() => writeFileSync(this.#open, text));
  }

  finish(): void {
    closeSync(this.#open);
    this.#try(() => renameSync(this.#temporary, this.path));
  }

  discard(): void {
    rmSync(this.#temporary, { force: true });
  }

  #try<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const { code = "unknown error" } = error as NodeJS.ErrnoException;
      throw usageError(`${this.path} cannot be written (${code}).`);
    }
  }
}

/** What the server says beside the export: why it is empty, what is not in it. */
function notes({ header }: Answer): string[] {
  const said = (name: string, before: string) => {
    const value = header(name);
    return value === null ? [] : [before + visible(value)];
  };
  return [
    ...said("X-Export-Empty", "Nothing was exported: "),
    ...said("X-Export-Unknown", "Not found: "),
    ...said("X-Export-Skipped", "Left out: "),
    ...said("X-Export-Cut", "Only the beginning of: "),
    ...said("X-Export-Incomplete", "Only the beginning of: "),
  ];
}

/** Each answer is a complete document; only formats of lines can follow one another in one file. */
function refuseUnjoinable({ header }: Answer): void {
  const type = header("Content-Type") ?? "";
  if (/ndjson|jsonl|text\/plain|markdown|yaml/.test(type)) return;
  throw new CliError(
    "This export is longer than one document of this format. Narrow it with filters, or use --format jsonl.",
    EXIT.usage,
  );
}
