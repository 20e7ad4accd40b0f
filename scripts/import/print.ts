import { relative } from "node:path";
import type { Found } from "./discover.ts";
import type { SecretExaminer } from "./secrets.ts";
import type { Fault, Tally } from "./tally.ts";
import { printableLine } from "../local/console/terminal.ts";

/** The importer's output for people, as text. Pure. */

/** Faults printed for people; the JSON summary lists more. */
const FAULTS_SHOWN = 20;

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

const number = (value: number) => value.toLocaleString("en-US");
const day = (at: number) => new Date(at).toISOString().slice(0, 10);
const plural = (count: number, noun: string) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Columns with two spaces between; numbers are aligned to the right. */
function table(rows: readonly (readonly string[])[], rightFrom: number): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? "").length)),
  );
  const cell = (text: string, at: number) =>
    at >= rightFrom ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
  return rows.map((row) => `  ${row.map(cell).join("  ")}`.trimEnd()).join("\n");
}

/** What was found on disk, before anything is read. */
export function foundTable(found: readonly Found[]): string {
  const rows = found.map(({ tool, histories }) => [
    tool.label,
    number(histories.length),
    bytesText(histories.reduce((sum, { bytes }) => sum + bytes, 0)),
    day(Math.min(...histories.map(({ modifiedAt }) => modifiedAt))),
    day(Math.max(...histories.map(({ modifiedAt }) => modifiedAt))),
  ]);
  return table([["Tool", "Files", "Size", "From", "To"], ...rows], 1);
}

/** What a run came to, tool by tool. */
export function summary(
  tallies: readonly Tally[],
  secrets: SecretExaminer,
  { isDryRun, redacts, ms }: { isDryRun: boolean; redacts: boolean; ms: number },
): string {
  const heads = ["Tool", "Sessions", "Messages", "New", "Changed", "Known", "Files", "Unchanged"];
  const rows = tallies.map((tally) => [
    tally.label,
    number(tally.sessionIds.size),
    number(tally.messages),
    ...[tally.stored.inserted, tally.stored.updated, tally.stored.skipped].map((value) =>
      isDryRun ? "-" : number(value),
    ),
    number(tally.files),
    number(tally.unchanged),
  ]);
  const lines = [table([heads, ...rows], 1), ...tallies.flatMap(detailLines)];
  if (secrets.total > 0) {
    const kinds = secrets.counts.map(({ kind, count }) => `${kind} ${count}`).join(", ");
    const what = redacts ? "masked" : "sent as they are; --redact masks them";
    lines.push(
      `Secrets: ${number(secrets.total)} found (${kinds}), ${isDryRun ? "nothing sent" : what}.`,
    );
  }
  const messages = tallies.reduce((sum, tally) => sum + tally.messages, 0);
  const seconds = Math.max(0.001, ms / 1_000);
  const verb = isDryRun ? "Read" : "Done";
  lines.push(`${verb}: ${plural(messages, "message")} in ${seconds.toFixed(1)} s.`);
  return lines.join("\n");
}

function detailLines(tally: Tally): string[] {
  const lines: string[] = [];
  const say = (text: string) => lines.push(`  ${tally.label}: ${text}`);
  const { stored, tooOld, shortened, bookkeeping, unknown, notes } = tally;
  if (stored.deleted > 0)
    say(`${plural(stored.deleted, "message")} of sessions that you deleted on the server`);
  if (tooOld > 0) say(`${plural(tooOld, "file")} older than --since`);
  if (shortened > 0) say(`${plural(shortened, "message")} over 6 MiB, shortened`);
  if (bookkeeping.size > 0) say(`records that hold no conversation: ${counts(bookkeeping)}`);
  if (unknown.size > 0)
    say(`records of unknown types, kept where they hold content: ${counts(unknown)}`);
  for (const [reason, count] of notes) say(`${reason} (${number(count)})`);
  for (const fault of tally.faults.slice(0, FAULTS_SHOWN)) say(`skipped ${faultText(fault)}`);
  if (tally.faultCount > FAULTS_SHOWN)
    say(`… and ${plural(tally.faultCount - FAULTS_SHOWN, "more fault")}; --json lists them`);
  return lines;
}

/** The most frequent first. */
function counts(of: ReadonlyMap<string, number>): string {
  const sorted = Array.from(of).sort(([, a], [, b]) => b - a);
  return sorted.map(([name, count]) => `${printableLine(name)} ${number(count)}`).join(", ");
}

export function faultText({ path, line, reason }: Fault): string {
  const near = relative(process.cwd(), path);
  const shown = near.startsWith("..") ? path : near;
  return printableLine(`${shown}${line === undefined ? "" : `:${line}`}: ${reason}`);
}
