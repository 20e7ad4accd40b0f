import { withoutTerminalCodes } from "../../convex/lib/search/readable.ts";

/** Text for a terminal. Transcripts hold whatever tools printed: nothing of it may steer the terminal. */

/** The text without terminal codes and other control characters; line breaks and tabs stay. */
export function visible(text: string): string {
  return withoutTerminalCodes(text)
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}

/** One line of at most `max` characters. */
export function line(text: string, max: number): string {
  const flat = visible(text).replace(/\s+/g, " ").trim();
  return flat.length <= max ? flat : `${flat.slice(0, max - 1)}…`;
}

export const indented = (text: string, by = "  ") =>
  visible(text)
    .split("\n")
    .map((one) => (one === "" ? one : by + one))
    .join("\n");

/** A time as `2026-11-28 22:39` in the zone of this machine. */
export function localTime(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16).replace("T", " ");
}

/** Rows as columns; the first is left-aligned, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
