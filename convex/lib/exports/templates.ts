/**
 * Text for programs that render templates (Nunjucks) and load files named in texts, as promptfoo
 * does. Checked against promptfoo 0.123.1: it renders variables and assertion values once, reads
 * `file://…` and runs `package:…` wherever a text begins so, and renders nothing else.
 */

/** First characters of the marks that begin a tag, or that end a comment which never began. */
const MARK = /\{(?=[{%#])|#(?=\})/g;
/** Beginnings for which a loader reads a file, runs a module or asks a server. */
const LOADED = /^(?:[a-z][a-z0-9+.-]*:\/\/|package:)/i;

/** A template that renders to exactly this text, and that no loader follows. */
export function literal(text: string): string {
  const template = text.replace(MARK, (mark) => `{{ "${mark}" }}`);
  return LOADED.test(text) ? `{{ "" }}${template}` : template;
}

/** An invisible character (U+2060) that takes no room and breaks no line. */
const WORD_JOINER = "\u2060";

/**
 * Text that stays the same however often it is rendered or loaded: an invisible word joiner stands
 * inside each template mark, and before a beginning that a loader would follow.
 */
export function inert(text: string): string {
  const apart = text.replace(MARK, (mark) => mark + WORD_JOINER);
  return LOADED.test(text) ? WORD_JOINER + apart : apart;
}

/** The same for every text of a JSON value. Its keys must be our own. */
export function inertValues(value: unknown): unknown {
  if (typeof value === "string") return inert(value);
  if (Array.isArray(value)) return value.map(inertValues);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inertValues(one)]));
}
