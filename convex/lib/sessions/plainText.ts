import { isJsonObject, type JsonObject } from "../json";
import { readableValue } from "./files";

/**
 * Renders any JSON value as text: strings unchanged, text blocks as their text, files as labels,
 * everything else as JSON.
 */
export function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  const readable = readableValue(value);
  if (typeof readable === "string") return readable;
  if (Array.isArray(readable)) {
    const texts = readable.map(blockText);
    if (texts.length > 0 && texts.every((text) => text !== undefined)) return texts.join("\n");
  }
  return blockText(readable) ?? JSON.stringify(readable);
}

/** The arguments of a call as an object, for consumers that accept nothing else. */
export function argumentsObject(args: unknown): JsonObject {
  if (isJsonObject(args)) return args;
  return args === undefined || args === null || args === "" ? {} : { input: args };
}

function blockText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return undefined;
  const found = [value.text, value.content, value.thinking, value.refusal].find(
    (candidate) => typeof candidate === "string",
  );
  return typeof found === "string" ? found : undefined;
}
