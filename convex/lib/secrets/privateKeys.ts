import type { Finding } from "./finding";

/** Finds private keys written as text between BEGIN and END lines. Linear, pure. */

const MARK =
  /-----(BEGIN|END) (?:[A-Z0-9]{1,20} ){0,3}(?:PRIVATE KEY(?: BLOCK)?|Static key V1)-----|-----(BEGIN|END) OpenVPN Static key V1-----/g;
/**
 * Separators between the tokens of a key: white space, line ends written as `\n`, quotes, quote
 * marks of replies, the sides of a box.
 */
const SEPARATORS = /(?:\s|\\+(?:[nrt]|u250[23])|[>|│┃"'`,+#*]){1,1000}/y;
/** What stands between the number of a line and the line: of cat, bat, delta, less, Vim and boxes. */
const NUMBER_END = String.raw`(?:[ \t]{0,4}(?:[→:|│┃⋮┊▏.⇥-]|\\+u2192)|\t|\\t|[ ]{1,4}(?=[A-Za-z0-9+/=-]))`;
/**
 * What tools print before each line: a number, after a file name or not; two numbers, of the old and the new file; a
 * number in brackets; or the sign of a diff.
 */
const LINE_PREFIX = new RegExp(
  [
    String.raw`[⋮┊]?[ \t]{0,6}\d{1,6}[ \t]{0,4}[⋮┊][ \t]{0,6}(?:\d{1,6}[ \t]{0,4}[|│┃]?)?`,
    String.raw`(?:[\w./-]{1,100}[:-]|[⋮┊][ \t]{0,6})?\d{1,6}${NUMBER_END}`,
    String.raw`\[\d{1,6}\]:?|-(?!-)|-(?=-----(?:BEGIN|END))`,
  ].join("|"),
  "y",
);
/** The same, at the end of the text before a line, without the white space and bars that follow it. */
const PREFIX_BEHIND =
  /(?:[\n\r]|\\n)[ \t|│┃]{0,12}(?:[\w./-]{1,100}[:-])?\[?\d{1,6}\]?[→:⋮┊▏.⇥-]?$/;
const LINE_START = /(?:^|[\n\r]|\\n)[ \t|│┃]{0,12}$/;

/** The end of the separators that start at `from`, and of what a tool printed before the next line. */
function skipGap(text: string, from: number): number {
  const at = skipAll(SEPARATORS, text, from);
  if (!LINE_START.test(text.slice(Math.max(0, at - 16), at))) return at;
  const end = skip(LINE_PREFIX, text, at);
  return end === at ? at : skipAll(SEPARATORS, text, end);
}

/** Lines that OpenSSL and PGP put before the key. */
const HEADER = /(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|Key-ID): ?[^\n\r\\]{0,200}/y;
const TOKEN = /[A-Za-z0-9+/=]+/y;
/** The shortest line of a key; words of prose are shorter. */
const LINE_MIN = 32;

/**
 * Adds every private key, complete or truncated at either end. A BEGIN or END line without a key,
 * as in prose, is ignored.
 */
export function findPrivateKeys(text: string, found: Finding[]): void {
  if (text.includes("-----")) findMarked(text, found);
  findPutty(text, found);
  findEncoded(text, found);
}

/** Adds the keys between, after or before BEGIN and END lines. */
function findMarked(text: string, found: Finding[]): void {
  let reached = 0;
  MARK.lastIndex = 0;
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const end = mark.index + mark[0].length;
    if ((mark[1] ?? mark[2]) === "BEGIN") {
      const keyEnd = endOfKey(text, end);
      if (keyEnd === undefined) continue;
      found.push({ kind: "private-key", start: mark.index, end: keyEnd });
      reached = keyEnd;
      MARK.lastIndex = keyEnd;
    } else {
      const start = startOfKey(text, mark.index, reached);
      if (start !== undefined) found.push({ kind: "private-key", start, end });
      reached = end;
    }
  }
}

/** Where the key that starts at `at` ends, including its END line; undefined if there is no key. */
function endOfKey(text: string, at: number): number | undefined {
  let end: number | undefined;
  for (let from = at; ;) {
    const start = skipGap(text, from);
    const headerEnd = skip(HEADER, text, start);
    if (headerEnd > start) {
      from = headerEnd;
      continue;
    }
    const tokenEnd = skip(TOKEN, text, start);
    const closed = closing(text, skipGap(text, tokenEnd));
    if (tokenEnd > start && closed !== undefined) return closed;
    if (tokenEnd - start < LINE_MIN) {
      // Only the last line and a PGP checksum are short. The key may be cut anywhere.
      const isLast =
        end !== undefined &&
        tokenEnd > start &&
        (/^[\s"'`]*$/.test(text.slice(tokenEnd, tokenEnd + 8)) ||
          isCutLine(text.slice(start, tokenEnd)));
      if (end !== undefined && closing(text, start) !== undefined) return closing(text, start);
      if (end === undefined || !isChecksumNext(text, tokenEnd)) return isLast ? tokenEnd : end;
    }
    end = tokenEnd;
    from = tokenEnd;
  }
}

/** Whether this reads as the rest of a line of a key: long and mixed like no word. */
const isCutLine = (line: string) =>
  line.length >= 12 && /\d|[+/]/.test(line) && /[a-z]/.test(line) && /[A-Z]/.test(line);

const isChecksumNext = (text: string, at: number) =>
  text.charAt(skipGap(text, at)) === "=" && at < text.length;

/** The end of an END line that starts here. */
function closing(text: string, at: number): number | undefined {
  if (!text.startsWith("-----END ", at)) return undefined;
  const end = text.indexOf("-----", at + 9);
  return end < 0 || end - at > 80 ? undefined : end + 5;
}

/** The start of the key lines that end at `at`, not before `reached`. */
function startOfKey(text: string, at: number, reached: number): number | undefined {
  let start: number | undefined;
  for (let end = at; end > reached;) {
    while (end > reached && /[\s"'`>|│┃]/.test(text.charAt(end - 1))) end--;
    const behind = PREFIX_BEHIND.exec(text.slice(Math.max(reached, end - 128), end));
    if (behind !== null) {
      end -= behind[0].length;
      continue;
    }
    let from = end;
    while (from > reached && /[A-Za-z0-9+/=]/.test(text.charAt(from - 1))) from--;
    const isShort = end - from < LINE_MIN;
    if (from === end || (isShort && start !== undefined)) break;
    if (!isShort) start = from;
    else if (end - from > 0 && !/[\n\r]/.test(text.slice(Math.max(reached, from - 2), from))) break;
    end = from;
  }
  return start;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Skips as often as the pattern matches. One unbounded repeat would fill V8's stack. */
function skipAll(pattern: RegExp, text: string, at: number): number {
  let end = at;
  for (let next = skip(pattern, text, end); next > end; next = skip(pattern, text, end)) end = next;
  return end;
}

const PUTTY = /Private-Lines: \d{1,4}\r?\n((?:[A-Za-z0-9+/=]{1,64}\r?\n?){1,200})/g;

function findPutty(text: string, found: Finding[]): void {
  if (!text.includes("Private-Lines: ")) return;
  for (const hit of text.matchAll(PUTTY)) {
    const end = hit.index + hit[0].length;
    found.push({
      kind: "private-key",
      start: end - (hit[1]?.length ?? 0),
      end: end - trailing(hit[0]),
    });
  }
}

const trailing = (text: string) => text.length - text.trimEnd().length;

/** `-----BEGIN ` in base64, as in kubeconfig files and secrets of Kubernetes. */
const ENCODED_START = "LS0tLS1CRUdJTi";
const ENCODED = new RegExp(`${ENCODED_START}[A-Za-z0-9+/]{40}[A-Za-z0-9+/]*={0,2}`, "g");

/** Adds private keys whose text, BEGIN line included, is base64 once more. */
function findEncoded(text: string, found: Finding[]): void {
  if (!text.includes(ENCODED_START)) return;
  for (const hit of text.matchAll(ENCODED)) {
    const [whole] = hit;
    if (!/ PRIVATE KEY/.test(atob(whole.slice(0, 64)))) continue;
    found.push({ kind: "private-key", start: hit.index, end: hit.index + whole.length });
  }
}
