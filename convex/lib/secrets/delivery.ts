import { readJsonBytes } from "../jsonBytes";
import type { JsonObject } from "../json";
import { laterStoredForm, parsePart, storedForm, type StoredPart } from "../sessions/parts";
import type { WholePart } from "../sessions/partRows";
import { decodeUtf8 } from "../utf8";
import type { MessageSecrets } from "./counts";
import { findSecrets } from "./scan";
import { masking, SecretCounter, visitStrings, type Visit } from "./walk";

/** Examines deliveries for secrets before they are hashed, split and stored. Pure. */

/** The fields of a message that are examined. */
type Delivered = {
  sessionExternalId: string;
  externalId: string;
  textContent?: string;
  parts?: WholePart[];
};

/**
 * Counts the secrets of a message. If `masks`, also masks them, in the message itself, because a copy
 * would not fit in memory. Ids stay as they are, because messages are looked up by them.
 */
export function examineMessage(message: Delivered, masks: boolean): MessageSecrets | undefined {
  const inParts = new SecretCounter();
  const inText = new SecretCounter(inParts);
  const { sessionExternalId, externalId, parts, textContent, ...fields } = message;
  // Most plugins send the text of a message once more as its part, which need not be examined twice.
  const same = parts?.findIndex((part) => part.format === "text" && part.content === textContent);
  for (const at of parts?.keys() ?? [])
    examinePart(parts ?? [], at, visitor(inParts, masks), masks);
  const examined = parts?.[same ?? -1]?.content;
  const text = examined ?? visitStrings(textContent, visitor(inText, masks));
  if (masks) Object.assign(message, visitStrings(fields, masking));
  if (masks && textContent !== undefined) message.textContent = text as string;
  return foundIn(inText, inParts);
}

/** The secrets of a message that was stored without looking for any. */
export function secretsOf(text: string, parts: readonly WholePart[]): MessageSecrets | undefined {
  return examineMessage({ ...NO_IDS, textContent: text, parts: [...parts] }, false);
}

const NO_IDS = { sessionExternalId: "", externalId: "" };

/** The session to store. */
export function examineSession<Session extends { externalId: string }>(
  session: Session,
  masks: boolean,
): Session {
  if (!masks) return session;
  return { ...(visitStrings(session, masking) as Session), externalId: session.externalId };
}

function visitor(counter: SecretCounter, masks: boolean): Visit {
  if (!masks) return counter.visit;
  return (text, findings) => masking(counter.visit(text, findings), findings);
}

/** JSON with more characters is not parsed as a whole, because text and value would not fit in memory. */
const LONG_CHARS = 1_000_000;

/** Visits all strings of the part at this position. If `masks`, replaces the part by the masked one. */
function examinePart(parts: WholePart[], at: number, visit: Visit, masks: boolean): void {
  const part = parts[at];
  if (part === undefined) return;
  const { format, content } = part;
  if (format === "text") {
    const visited = visitStrings(content, visit) as string;
    if (masks) parts[at] = { ...part, content: visited };
  } else if (content.length <= LONG_CHARS) {
    const { type, ...inner } = parsePart(part);
    const visited = visitStrings(inner, visit) as typeof inner;
    if (visited !== inner) parts[at] = storedForm({ ...visited, type });
  } else if (masks) {
    maskLongPart(parts, at, visit);
  } else {
    // Only counted: the rules know names and values in JSON text too.
    visit(content, findSecrets(content));
  }
}

/**
 * Masks a part that is so long that memory holds only one form of it at a time: JSON text, bytes, value,
 * masked value, bytes, text. Each function returns, and so releases its form, before the next form is made.
 */
function maskLongPart(parts: WholePart[], at: number, visit: Visit): void {
  const later = maskedLater(takenBytes(parts, at), visit);
  parts[at] = later();
}

type PartBytes = { type: string; format: WholePart["format"]; bytes: Uint8Array };

/** Removes a part from the list and returns it as bytes. */
function takenBytes(parts: WholePart[], at: number): PartBytes {
  const { type, format, content } = parts[at] ?? NO_PART;
  parts[at] = NO_PART;
  return { type, format, bytes: new TextEncoder().encode(content) };
}

const NO_PART: WholePart = { type: "text", format: "text", content: "" };

function maskedLater(part: PartBytes, visit: Visit): () => WholePart {
  return laterStoredForm(visitedPart(part, visit));
}

function visitedPart(part: PartBytes, visit: Visit): StoredPart {
  const { type, ...inner } = parsedPart(part);
  return { ...(visitStrings(inner, visit) as typeof inner), type };
}

const LINE_END = 0x0a;

/** Like `parsePart`, from bytes. */
function parsedPart({ type, format, bytes }: PartBytes): StoredPart {
  const hasFields = format === "textAndFields" || format === "jsonAndFields";
  const end = hasFields ? bytes.lastIndexOf(LINE_END) : bytes.length;
  const isText = format === "text" || format === "textAndFields";
  const inside = bytes.subarray(0, end);
  const content = isText ? decodeUtf8(inside, true) : parsedJson(inside);
  const fields = hasFields ? (parsedJson(bytes.subarray(end + 1)) as JsonObject) : {};
  return { type, content, ...fields };
}

/** Parses what this backend wrote, which is JSON of a value that was in memory before. */
function parsedJson(bytes: Uint8Array): unknown {
  const read = readJsonBytes(bytes, Infinity);
  if (!read.ok) throw new Error(`A part in stored form is ${read.why}`);
  return read.value;
}

function foundIn(inText: SecretCounter, inParts: SecretCounter): MessageSecrets | undefined {
  const [text, parts] = [inText.counts(), inParts.counts()];
  if (text.length === 0 && parts.length === 0) return undefined;
  return { ...(text.length > 0 ? { text } : {}), ...(parts.length > 0 ? { parts } : {}) };
}
