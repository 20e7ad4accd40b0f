/** Plugins that are known under two names; every other source is free text and kept as sent. */
const ALIASES: ReadonlyMap<string, string> = new Map([["cursor", "cursor-sync"]]);

/** What a session without a source counts as: OpenCode's plugin never sends one. */
export const DEFAULT_SOURCE = "opencode";

/** One name for one plugin, on write and in filters; undefined stays undefined. */
export function readSource(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  return ALIASES.get(source.toLowerCase()) ?? source;
}
