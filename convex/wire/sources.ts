/** Plugins known under two names. Every other source is free text and kept as sent. */
const ALIASES: ReadonlyMap<string, string> = new Map([["cursor", "cursor-sync"]]);

/** The source of sessions that name none, because OpenCode's plugin never sends one. */
export const DEFAULT_SOURCE = "opencode";

/** Resolves aliases of a source, on write and in filters. */
export function readSource(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  return ALIASES.get(source.toLowerCase()) ?? source;
}
