import { csv } from "./csv";
import { deepeval } from "./deepeval";
import { filesystem } from "./filesystem";
import { inspect } from "./inspect";
import { json } from "./json";
import { jsonl } from "./jsonl";
import { langfuse } from "./langfuse";
import { markdown } from "./markdown";
import { openai } from "./openai";
import { otel } from "./otel";
import { promptfoo } from "./promptfoo";
import { sharegpt } from "./sharegpt";
import { text } from "./text";
import type { ExportFormat } from "./types";

/**
 * Every export format under its name in requests. To add a format, add a file and a line here: the
 * parameter, the OpenAPI document and its media types follow from this list. Only the two defaults
 * are named elsewhere (`http/export.ts`).
 */
export const formats = {
  deepeval,
  openai,
  promptfoo,
  inspect,
  langfuse,
  sharegpt,
  otel,
  text,
  markdown,
  json,
  jsonl,
  csv,
  filesystem,
} as const;

/** The name of an export format. */
export type FormatName = keyof typeof formats;

/** The format with that name; undefined for unknown names, which requests may contain. */
export function findFormat(name: string): ExportFormat | undefined {
  return isFormatName(name) ? formats[name] : undefined;
}

/** Whether a format with that name exists. */
export function isFormatName(name: string): name is FormatName {
  return Object.prototype.hasOwnProperty.call(formats, name);
}
