import { countIn, fieldsIn, isJsonObject, type JsonObject, textIn } from "../../json.ts";
import type { MessageRow } from "../../rows.ts";

/** Ids that Anthropic's API gives to answers; proxies and redacted transcripts have others. */
const API_ID = /^msg_[A-Za-z0-9_]{16,}$/;

type Usage = Pick<
  MessageRow,
  | "promptTokens"
  | "completionTokens"
  | "cacheReadTokens"
  | "cacheWriteTokens"
  | "cacheWrite5mTokens"
  | "cacheWrite1hTokens"
  | "apiMessageId"
>;

/**
 * The usage of an answer. Each of its lines repeats it, growing: the server counts the greatest once
 * for each `apiMessageId`. Pure.
 */
export function usageOf(line: JsonObject, message: JsonObject): Usage {
  const apiMessageId = responseId(textIn(message, "id"), textIn(line, "requestId"));
  const named = apiMessageId === undefined ? {} : { apiMessageId };
  const usage = message.usage;
  if (!isJsonObject(usage)) return named;
  const written = countIn(usage, "cache_creation_input_tokens");
  const split = fieldsIn(usage, "cache_creation");
  // Copies in a fork have no usage, but a split of it: never more than was written.
  const hour = Math.min(countIn(split, "ephemeral_1h_input_tokens"), written);
  const numbers = {
    promptTokens: countIn(usage, "input_tokens"),
    completionTokens: countIn(usage, "output_tokens"),
    cacheReadTokens: countIn(usage, "cache_read_input_tokens"),
    cacheWriteTokens: written,
    cacheWrite5mTokens: written - hour,
    cacheWrite1hTokens: hour,
  };
  return { ...numbers, ...named };
}

/** What the answer is known by. Where the id is not the provider's, the request tells answers apart. */
function responseId(id: string | undefined, requestId: string | undefined): string | undefined {
  if (id === undefined || API_ID.test(id) || requestId === undefined) return id;
  return `${id}:${requestId}`;
}
