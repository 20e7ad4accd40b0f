import { shortCount } from "../../lib/stats/labels";
import { isJsonObject, readableJson } from "../../lib/json";
import { type FileFacts, fileLabel, fileOf, readableValue } from "../../lib/sessions/files";
import { plainText } from "../../lib/sessions/parts";
import { prefixBytes, utf8Length } from "../../lib/text";
import type { CodeWriter } from "../highlight";
import { languageOf } from "../highlight";
import { html, trusted, type Html } from "../html";
import { plainHtml } from "../markdown/markdown";
import { changesHtml, changesOf, diffHtml, editLines, patchLines } from "./changes";
import { viewCall } from "./tools";
import type { Block } from "./turns";
import { segmentsOf } from "./injectedElements";

/** The writers of one page; each has a budget for the whole page. */
export type Writers = { markdown: (text: string) => string; code: CodeWriter };

/** The most bytes shown of a text, and of a tool's arguments or result. Exports contain the rest. */
const TEXT_MAX_BYTES = 40_000;
const TOOL_MAX_BYTES = 8_000;
/** The longest HTML of one text; a longer one is shown shortened, as plain text. */
const TEXT_HTML_MAX_CHARS = 120_000;

/** Renders a block of a turn. */
export function blockHtml(block: Block, writers: Writers): Html {
  switch (block.kind) {
    case "text":
      return proseHtml(block.text, writers);
    case "thinking":
      return collapsed("Thinking", "quiet", textPre(block.text));
    case "call":
      return callHtml(block, writers);
    case "result":
      return collapsed(
        block.name === undefined ? "Result" : `Result of ${block.name}`,
        "quiet",
        outputHtml(block.output),
      );
    case "file":
      return fileHtml(block.file);
    case "other":
      return (
        imageHtml(block.content) ??
        collapsed(block.type, "quiet", textPre(pretty(readableValue(block.content))))
      );
  }
}

/** Renders prose as Markdown, with injected elements collapsed. */
function proseHtml(text: string, { markdown }: Writers): Html {
  const parts = segmentsOf(prefixBytes(text, TEXT_MAX_BYTES)).map((segment) => {
    if (segment.kind === "wrapper") return collapsed(segment.name, "quiet", textPre(segment.text));
    const written = markdown(segment.text);
    const isShort = written.length <= TEXT_HTML_MAX_CHARS;
    const shown = isShort ? written : plainHtml(prefixBytes(segment.text, TOOL_MAX_BYTES));
    return html`<div class="text" dir="auto">${trusted(shown)}</div>`;
  });
  return html`${parts}${cutNote(text, TEXT_MAX_BYTES)}`;
}

function callHtml(call: Extract<Block, { kind: "call" }>, { code }: Writers): Html {
  const view = viewCall(call.name, call.args);
  const output =
    call.result === undefined
      ? html`<p class="note">No result was recorded.</p>`
      : html`<p class="label">Result</p>${outputHtml(call.result.output)}`;
  switch (view.kind) {
    case "edits":
    case "patch": {
      const lines = view.kind === "edits" ? editLines(view.edits) : patchLines(view.patch);
      const line = html`${call.name} ${view.subject}${changesHtml(changesOf(lines))}`;
      return collapsed(line, "call", html`${diffHtml(lines)}${output}`);
    }
    case "write": {
      const { content, path } = view;
      const shown = prefixBytes(content, TOOL_MAX_BYTES);
      const line = html`${call.name} ${view.subject}${changesHtml({ added: content.split("\n").length, deleted: 0 })}`;
      return collapsed(
        line,
        "call",
        html`<pre tabindex="0"><code>${trusted(code(shown, languageOf(path)))}</code></pre>${cutNote(content, TOOL_MAX_BYTES)}${output}`,
      );
    }
    case "command": {
      const shown = trusted(code(prefixBytes(view.command, TOOL_MAX_BYTES), "bash"));
      return collapsed(
        `${call.name} ${view.subject}`,
        "call",
        html`<pre class="wrap" tabindex="0"><code>${shown}</code></pre>${output}`,
      );
    }
    case "other":
      return collapsed(
        `${call.name} ${view.subject}`,
        "call",
        html`${argsHtml(call.args)}${output}`,
      );
  }
}

function argsHtml(args: unknown): Html {
  const text = pretty(args);
  return text === "" || text === "{}" ? html`` : textPre(text);
}

/** Renders a tool's output: images as images, everything else as text. */
function outputHtml(output: unknown): Html {
  const blocks = Array.isArray(output) ? output : [output];
  const pictures = blocks.map((block) => imageHtml(block));
  if (pictures.every((picture) => picture === undefined))
    return textPre(outputText(readableValue(output)));
  return html`${pictures.map((picture, index) => picture ?? textPre(outputText(readableValue(blocks[index]))))}`;
}

/** Converts a tool's output to text, without terminal colours. */
function outputText(output: unknown): string {
  const text =
    isJsonObject(output) && typeof output.stdout === "string"
      ? [output.stdout, output.stderr]
          .filter((one) => typeof one === "string" && one !== "")
          .join("\n")
      : typeof output === "object" &&
          output !== null &&
          plainText(output) === JSON.stringify(output)
        ? readableJson(output)
        : plainText(output);
  return (
    text.slice(0, 4 * TOOL_MAX_BYTES).replace(TERMINAL_CODES, "") + text.slice(4 * TOOL_MAX_BYTES)
  );
}

const TERMINAL_CODES = /\u001b\[[\d;?]{0,30}[A-Za-z]/g;

function textPre(text: string): Html {
  if (text.trim() === "") return html`<p class="note">Empty</p>`;
  return html`<pre class="wrap" tabindex="0">${prefixBytes(text, TOOL_MAX_BYTES)}</pre>${cutNote(text, TOOL_MAX_BYTES)}`;
}

/** A note that a text was cut; undefined if it was not. */
function cutNote(text: string, max: number): Html | undefined {
  if (text.length * 3 <= max) return undefined;
  const bytes = utf8Length(text);
  if (bytes <= max) return undefined;
  return html`<p class="note">… the first ${shortCount(max)}B of ${shortCount(bytes)}B. Export the session to see all of it.</p>`;
}

/** Renders a collapsed block with a summary line. */
function collapsed(line: string | Html, kind: "quiet" | "call", inside: Html): Html {
  return html`<details class="${kind}"><summary>${line}</summary><div class="inside">${inside}</div></details>
`;
}

const pretty = (value: unknown) =>
  value === undefined ? "" : typeof value === "string" ? value : readableJson(value);

/** The largest inline image on a page, in characters. */
const PICTURE_MAX_CHARS = 120_000;
const PICTURE = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

/** Renders a file: inline images are shown, other files are named. */
function fileHtml(file: FileFacts): Html {
  return pictureHtml(file) ?? html`<p class="note">${fileLabel(file)}</p>`;
}

/** Renders a value that is an image; undefined for other values. */
function imageHtml(content: unknown): Html | undefined {
  const value = typeof content === "string" ? { url: content } : content;
  if (!isJsonObject(value)) return undefined;
  const file = fileOf(value, "image");
  return file && pictureHtml(file);
}

function pictureHtml({ data, mediaType }: FileFacts): Html | undefined {
  if (data === undefined || data.length > PICTURE_MAX_CHARS) return undefined;
  const source = `data:${mediaType ?? "image/png"};base64,${data}`;
  return PICTURE.test(source)
    ? html`<p><img class="shown" src="${source}" alt="Picture in the conversation"></p>`
    : undefined;
}
