import { fileLabel } from "../lib/sessions/files";
import type { Role } from "../lib/enums";
import { shortCount } from "../lib/stats/labels";
import { readMessage } from "../lib/sessions/readMessage";
import { plainText, type ReadPart } from "../lib/sessions/parts";
import { cutBytes, prefixBytes, utf8Length } from "../lib/text";
import { type Fact, isoTime, titleOf } from "./common";
import { headMarkdown, partMarkdown, sectionMarkdown } from "./markdown";
import type { ExportMessage, ExportSession } from "./types";

/**
 * The content of a public session: title, source, model, times and the conversation. This
 * projection is the allow-list; the page, its Markdown and its JSON are all rendered from it.
 */
export type SharedHead = { title: string; source: string; model?: string; createdAt: string };
export type SharedMessage = { role: Role; createdAt: string };

/** The rest after a page: its address, and the number of messages if known. */
export type SharedRest = { messages?: number; next: string };

/**
 * A segment of a shared session. `isCounting` is true while `messageCount` lags behind new
 * messages.
 */
export type SharedSession = ExportSession & { isCounting?: boolean };

/** One representation of a shared session (page, Markdown, JSON). */
export type SharedForm = {
  /** The most bytes shown of one part, before escaping; larger ones are cut. */
  partMaxBytes: number;
  /** Renders a part; empty if there is nothing to show. */
  part: (part: ReadPart) => string;
  /** Renders a note of ours among the parts. */
  note: (text: string) => string;
  /** Renders a message with its parts; empty if there is nothing to show. */
  message: (message: SharedMessage, parts: readonly string[]) => string;
  document: (
    session: SharedHead,
    messages: readonly string[],
    rest: SharedRest | undefined,
  ) => string;
};

/**
 * The size at which a page ends before the next message; the parts of a single message end after
 * it.
 */
const PAGE_MAX_BYTES = 4 * 1024 * 1024;

/** The longest name; real ones are short. */
const NAME_MAX_BYTES = 500;

/**
 * Renders as many messages as fit, at least one. The size is bounded by the output and not by the
 * input. `address` gives the address of the page after a number of messages.
 */
export function sharedDocument(
  form: SharedForm,
  session: SharedSession,
  address: (shown: number) => string | undefined,
): { text: string; next?: string } {
  const texts: string[] = [];
  let bytes = 0;
  for (const message of session.messages) {
    const text = messageText(form, message);
    bytes += utf8Length(text);
    if (texts.length > 0 && bytes > PAGE_MAX_BYTES) break;
    texts.push(text);
  }
  const said = texts.filter((text) => text !== "");
  const next = address(texts.length);
  if (next === undefined) return { text: form.document(headOf(session), said, undefined) };
  const messages = session.messageCount - session.from - texts.length;
  const rest = session.isCounting || messages < 1 ? { next } : { messages, next };
  return { text: form.document(headOf(session), said, rest), next };
}

/** Describes the rest after a page, for people. */
export function moreMessages({ messages }: SharedRest): string {
  if (messages === undefined) return "more messages";
  return messages === 1 ? "1 more message" : `${messages} more messages`;
}

function headOf(session: ExportSession): SharedHead {
  return {
    title: titleOf(session),
    source: session.source,
    ...(session.model === undefined ? {} : { model: session.model }),
    createdAt: isoTime(session.createdAt),
  };
}

function messageText(form: SharedForm, message: ExportMessage): string {
  const said = readMessage(message);
  const parts: string[] = [];
  let bytes = 0;
  let shown = 0;
  for (const part of said) {
    if (bytes > PAGE_MAX_BYTES) break;
    const texts = partTexts(form, part);
    bytes += texts.reduce((sum, text) => sum + utf8Length(text), 0);
    parts.push(...texts);
    shown++;
  }
  if (shown < said.length) parts.push(form.note(`… ${said.length - shown} more parts`));
  return form.message({ role: message.role, createdAt: isoTime(message.createdAt) }, parts);
}

/** Renders a part, followed by a note if it was cut. */
function partTexts(form: SharedForm, part: ReadPart): string[] {
  const { partMaxBytes: max } = form;
  const { beginning, bytes } = cutPart(part, max);
  const text = form.part(beginning);
  if (bytes <= max) return text === "" ? [] : [text];
  return [text, form.note(`… the first ${shortCount(max)}B of ${shortCount(bytes)}B`)];
}

/** Cuts a part to `max` bytes of content, and tells its full size. */
function cutPart(part: ReadPart, max: number): { beginning: ReadPart; bytes: number } {
  const cut = (value: unknown, text: string) => {
    const bytes = utf8Length(typeof value === "string" ? value : jsonOf(value));
    return { value: bytes > max ? prefixBytes(text, max) : value, bytes };
  };
  switch (part.kind) {
    case "text":
    case "thinking": {
      const bytes = utf8Length(part.text);
      return { beginning: { ...part, text: prefixBytes(part.text, max) }, bytes };
    }
    case "tool-call": {
      const { value, bytes } = cut(part.args, textOf(part.args));
      return { beginning: { ...part, name: nameOf(part.name), args: value }, bytes };
    }
    case "tool-result": {
      const { value, bytes } = cut(part.output, plainText(part.output));
      const named = part.name === undefined ? {} : { name: nameOf(part.name) };
      return { beginning: { ...part, ...named, output: value }, bytes };
    }
    case "file":
      return { beginning: { ...part, file: { ...part.file, data: undefined } }, bytes: 0 };
    case "other": {
      const { value, bytes } = cut(part.content, textOf(part.content));
      return { beginning: { ...part, type: nameOf(part.type), content: value }, bytes };
    }
  }
}

const nameOf = (name: string) => cutBytes(name, NAME_MAX_BYTES);
const jsonOf = (value: unknown) => JSON.stringify(value) ?? "";
const textOf = (value: unknown) => (typeof value === "string" ? value : jsonOf(value));

/** The public session as Markdown. */
export const sharedMarkdown: SharedForm = {
  partMaxBytes: 1_000_000,
  part: partMarkdown,
  note: (text) => `*${text}*`,
  message: ({ role }, parts) => sectionMarkdown(role, parts),
  document: (session, messages, rest) => {
    const { title, source, model = "", createdAt } = session;
    const facts: Fact[] = [
      ["Source", source],
      ["Model", model],
      ["Started", createdAt],
    ];
    const head = headMarkdown(
      title,
      facts.filter(([, value]) => value !== ""),
    );
    const more = rest === undefined ? [] : [`*… ${moreMessages(rest)}: <${rest.next}>*\n`];
    return head + [...messages, ...more].join("\n");
  },
};

/** The public session as JSON, one message per line. */
export const sharedJson: SharedForm = {
  partMaxBytes: 1_000_000,
  part: (part) => JSON.stringify(sharedPart(part)),
  note: (text) => JSON.stringify({ type: "note", text }),
  message: (message, parts) =>
    `${JSON.stringify(message).slice(0, -1)},"parts":[${parts.join(",")}]}`,
  document: (session, messages, rest) => {
    const more = rest === undefined ? "" : `,\n"more":${JSON.stringify(rest)}`;
    const head = JSON.stringify(session).slice(0, -1);
    return `${head},\n"messages":[\n${messages.join(",\n")}\n]${more}}\n`;
  },
};

/** Converts a part to one common form, without ids. */
function sharedPart(part: ReadPart) {
  switch (part.kind) {
    case "text":
    case "thinking":
      return { type: part.kind, text: part.text };
    case "tool-call":
      return { type: part.kind, name: part.name, args: part.args };
    case "tool-result":
      return { type: part.kind, name: part.name, output: part.output };
    case "file":
      return { type: part.kind, text: fileLabel(part.file) };
    case "other":
      return { type: part.kind, name: part.type, content: part.content };
  }
}
