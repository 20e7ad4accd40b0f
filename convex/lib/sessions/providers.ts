/** Providers recognised by a word in the model's name; the first match wins. */
const MODEL_WORDS: readonly (readonly [provider: string, words: RegExp])[] = [
  ["anthropic", /claude|anthropic/],
  ["openai", /gpt|o1|o3|davinci|curie|text-embedding|codex/],
  ["google", /gemini|palm|bard/],
  ["mistral", /mistral|mixtral/],
  ["cohere", /command|cohere/],
  ["meta", /llama|meta/],
  ["deepseek", /deepseek/],
  ["groq", /groq/],
];

/** The provider of a session that names neither a provider nor a known model. */
const UNKNOWN_PROVIDER = "unknown";

/**
 * The provider shown for a session: the one its plugin sent, in one spelling, otherwise derived
 * from the model's name, otherwise `unknown`. Statistics and filters use it instead of the stored
 * one.
 */
export function shownProvider(provider: string | undefined, model: string | undefined): string {
  const stored = (provider ?? "").trim();
  const lower = stored.toLowerCase();
  if (lower.includes("anthropic")) return "anthropic";
  if (lower.includes("antigravity")) return "google";
  if (lower.includes("openai")) return "openai";
  if (lower.endsWith("-oauth")) return lower.slice(0, -"-oauth".length);
  if (stored !== "") return stored;
  const name = (model ?? "").toLowerCase();
  const found = MODEL_WORDS.find(([, words]) => words.test(name));
  return found === undefined ? UNKNOWN_PROVIDER : found[0];
}
