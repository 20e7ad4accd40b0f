import { isJsonObject, type JsonObject } from "../json";
import { firstText, has } from "../jsonFields";
import { prefixBytes } from "../text";

/** Recognises images and other files inside messages and describes them in a few characters. Pure. */

/** What a part tells about a file. At most one of `data` (base64) and `url` is set. */
export type FileFacts = {
  /** What kind of file the part names: `image`, `document`, `file` … */
  noun: string;
  mediaType?: string;
  name?: string;
  bytes?: number;
  url?: string;
  data?: string;
};

const MEDIA_TYPE_KEYS = ["media_type", "mediaType", "mimeType", "mime_type", "mime", "format"];
const NAME_KEYS = ["filename", "fileName", "file_name", "title", "path"];
const DATA_KEYS = ["data", "base64", "b64_json", "bytes", "blob", "file_data", "image", "content"];
const URL_KEYS = ["url", "uri", "image_url", "fileUri", "file_uri", "file_url"];
const SIZE_KEYS = ["size", "sizeBytes", "size_bytes"];

/** Fields that may contain the file object, when the part is not the file object itself. */
const HOLDERS = ["source", "file", "image_url", "inlineData", "inline_data", "fileData"].concat([
  "file_data",
  "resource",
  "image",
  "document",
  "video",
  "audio",
  "input_audio",
]);

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.-]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** The shortest text treated as base64; a shorter one may be a word. */
const BASE64_MIN_LENGTH = 200;

/** The file that these fields contain or link to; undefined if there is none. */
export function fileOf(fields: JsonObject, noun: string): FileFacts | undefined {
  const held = HOLDERS.map((key) => (has(fields, key) ? fields[key] : undefined));
  const inner = held.filter(isJsonObject).flatMap((one) => [one, one.source].filter(isJsonObject));
  const holders = [fields, ...inner];
  const text = (keys: readonly string[]) =>
    holders.map((holder) => firstText(holder, keys)).find((found) => found !== undefined);
  const location = text(URL_KEYS);
  const stored = text(DATA_KEYS);
  const isStoredUrl = stored !== undefined && /^https?:\/\//.test(stored);
  const url = location ?? (isStoredUrl ? stored : undefined);
  const source = url !== undefined && DATA_URL.test(url) ? dataOf(url) : locatedOr(url, stored);
  if (source === undefined) return undefined;
  const declared = source.mediaType ?? text(MEDIA_TYPE_KEYS);
  const mediaType =
    declared === undefined || declared.includes("/") ? declared : `${noun}/${declared}`;
  const size = holders.flatMap((one) => SIZE_KEYS.map((key) => one[key])).find(isSize);
  const name = text(NAME_KEYS);
  return {
    noun,
    ...source,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(name === undefined ? {} : { name }),
    ...(source.bytes === undefined && size !== undefined ? { bytes: size } : {}),
  };
}

type Source = Pick<FileFacts, "mediaType" | "bytes" | "url" | "data">;

function locatedOr(url: string | undefined, stored: string | undefined): Source | undefined {
  if (url !== undefined) return { url };
  if (stored === undefined) return undefined;
  return DATA_URL.test(stored) ? dataOf(stored) : base64Of(stored);
}

function dataOf(url: string): Source {
  const [head = "", mediaType] = DATA_URL.exec(url) ?? [];
  const data = url.slice(head.length);
  return { ...(mediaType === undefined ? {} : { mediaType }), bytes: base64Bytes(data), data };
}

function base64Of(text: string): Source | undefined {
  const compact = text.replace(/\s+/g, "");
  if (!BASE64.test(compact)) return undefined;
  return { bytes: base64Bytes(compact), data: compact };
}

function base64Bytes(data: string): number {
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return Math.floor((data.length * 3) / 4) - padding;
}

const isSize = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

/**
 * Labels a file for readers: `[image/png, 60 kB]`, `[image: https://…]`, `[application/pdf, 2 MB:
 * plan.pdf]`.
 */
export function fileLabel({ noun, mediaType, bytes, name, url }: FileFacts): string {
  const size = bytes === undefined ? "" : `, ${sizeText(bytes)}`;
  const where = [name, url].find((text) => text !== undefined && text !== "");
  return `[${mediaType ?? noun}${size}${where === undefined ? "" : `: ${prefixBytes(where, 500)}`}]`;
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return `${Math.round(bytes / 100_000) / 10} MB`;
}

/** Names of fields whose value is unreadable, however short. */
const OPAQUE = /^encrypted_|^signature$|^thoughtSignature$/;

/**
 * Replaces files by their labels and drops encrypted fields, for everything that people or models
 * read. Text stays as it is. Whatever contains neither is returned itself, because copies of a large value take long.
 */
export function readableValue(value: unknown): unknown {
  if (typeof value === "string") return DATA_URL.test(value) ? labelOf(dataOf(value)) : value;
  if (Array.isArray(value)) return readableList(value);
  if (!isJsonObject(value)) return value;
  const file = isFileLike(value) ? fileOf(value, nounOf(value)) : undefined;
  return file === undefined ? readableFields(value) : fileLabel(file);
}

function readableList(values: readonly unknown[]): readonly unknown[] {
  const readable = values.map(readableValue);
  return readable.every((value, at) => value === values[at]) ? values : readable;
}

function readableFields(fields: JsonObject): JsonObject {
  const keys = Object.keys(fields);
  let copy: Map<string, unknown> | undefined;
  for (const [at, key] of keys.entries()) {
    const isOpaque = OPAQUE.test(key);
    const readable = isOpaque ? undefined : readableField(key, fields[key]);
    if (isOpaque || readable !== fields[key]) {
      copy ??= new Map(keys.slice(0, at).map((before) => [before, fields[before]]));
    }
    if (!isOpaque) copy?.set(key, readable);
  }
  return copy === undefined ? fields : Object.fromEntries(copy);
}

function readableField(key: string, value: unknown): unknown {
  const isData = DATA_KEYS.includes(key) && typeof value === "string";
  if (!isData || value.length < BASE64_MIN_LENGTH || !BASE64.test(value)) {
    return readableValue(value);
  }
  return labelOf({ bytes: base64Bytes(value) });
}

const labelOf = (source: Source) => fileLabel({ noun: "data", ...source });

const FILE_TYPE =
  /(?:^|-)(?:image|screenshot|document|file|audio|video|media|attachment|blob|resource)(?:-(?:url|data|file|link))?$/;

/** Whether a type (lower case, `-` between words) denotes a file. */
export function isFileType(type: string): boolean {
  return FILE_TYPE.test(type) || type === "inline-data";
}

const typeOf = (value: JsonObject) => (typeof value.type === "string" ? value.type : "");

function nounOf(value: JsonObject): string {
  const type = typeOf(value).toLowerCase().replace(/_/g, "-");
  return /image|screenshot/.test(type)
    ? "image"
    : (/document|audio|video/.exec(type)?.[0] ?? "file");
}

/** Whether an object is a file, by its type or by a media type next to its data. */
function isFileLike(value: JsonObject): boolean {
  if (isFileType(typeOf(value).toLowerCase().replace(/_/g, "-"))) return true;
  const hasData = DATA_KEYS.some((key) => typeof value[key] === "string");
  return hasData && ["media_type", "mediaType", "mimeType", "mime_type"].some((k) => has(value, k));
}
