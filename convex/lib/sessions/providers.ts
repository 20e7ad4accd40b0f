/** Providers as they are known by a word in the model's name; the first that matches counts. */
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

/** Provider of a session that names neither a provider nor a model we know. */
const UNKNOWN_PROVIDER = "unknown";

/**
 * The provider shown for a session: what its plugin called it, brought to one spelling, else what
 * the model's name says, else `unknown`. Statistics and filters use this one, never the stored one.
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
