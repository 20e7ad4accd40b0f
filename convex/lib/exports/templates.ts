/**
 * Prepares text for programs that render templates (Nunjucks) and load files named in texts, as
 * promptfoo does. Checked against promptfoo 0.123.1: it renders variables and assertion values
 * once, loads texts that start with `file://…` and runs those that start with `package:…`, and
 * renders nothing else.
 */

/**
 * The first character of each mark that opens a tag, or that closes a comment that was never
 * opened.
 */
const MARK = /\{(?=[{%#])|#(?=\})/g;
/** Prefixes for which a loader reads a file, runs a module or sends a request. */
const LOADED = /^(?:[a-z][a-z0-9+.-]*:\/\/|package:)/i;

/** A template that renders to exactly this text and that no loader follows. */
export function literal(text: string): string {
  const template = text.replace(MARK, (mark) => `{{ "${mark}" }}`);
  return LOADED.test(text) ? `{{ "" }}${template}` : template;
}

/** An invisible character (U+2060) without width or line break. */
const WORD_JOINER = "\u2060";

/**
 * Text that stays the same however often it is rendered or loaded: a word joiner splits each
 * template mark and precedes any prefix that a loader would follow.
 */
export function inert(text: string): string {
  const apart = text.replace(MARK, (mark) => mark + WORD_JOINER);
  return LOADED.test(text) ? WORD_JOINER + apart : apart;
}

/** Applies `inert` to every string of a JSON value. Its keys must be our own. */
export function inertValues(value: unknown): unknown {
  if (typeof value === "string") return inert(value);
  if (Array.isArray(value)) return value.map(inertValues);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inertValues(one)]));
}
