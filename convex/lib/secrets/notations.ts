import type { Name } from "./headers";
import type { Form } from "./values";

/** Where the value of a name stands, in every notation of configuration, code and prose. Linear, pure. */

/** Where the value of a name starts, and in which form. `isStrict` if the notation is weak evidence. */
type Place = { at: number; form: Form; isStrict?: boolean };

/** Backslashes of JSON text within JSON text; more than these are not escapes. */
const SLASHES = String.raw`\\{0,8}`;
const CLOSE = String.raw`(?:${SLASHES}["'${"`"}])?`;
/** A quoted value follows. */
const QUOTED = String.raw`(?=[bfru@$]{0,2}${SLASHES}["'${"`"}])`;

type Notation = {
  pattern: RegExp;
  place: (text: string, name: Name, at: number) => Place | undefined;
};

const inSetting: Notation["place"] = (_, __, at) => ({ at, form: "setting" });

const NOTATIONS: readonly Notation[] = [
  // {"name": "DB_PASSWORD", "value": "…"}, also as YAML and as attributes of XML
  {
    pattern: new RegExp(
      String.raw`${SLASHES}["']?,?(?:\s|\\{1,8}[nrt]){0,40}${SLASHES}["']?value${SLASHES}["']?\s{0,4}[:=]\s{0,4}`,
      "iy",
    ),
    place: inSetting,
  },
  // name: Type = "value", name string = "value", name[] = "value"
  {
    pattern: new RegExp(
      String.raw`(?:\s{0,4}:\s{0,4}|\s|(?=\[))(?:&?(?:'static\s)?[A-Za-z_][\w.]{0,30}(?:<[^<>\n]{1,30}>)?)?(?:\[\d{0,5}\])?[?!]?\s{1,4}=\s{1,4}${QUOTED}`,
      "y",
    ),
    place: (_, __, at) => ({ at, form: "code" }),
  },
  // name: >- and the value on the next line
  {
    pattern: /["']?:[ \t]{1,4}[>|][-+]?\d?[ \t]{0,4}(?:\r?\n|\\n)[ \t]{1,20}(?=[^\s-])/y,
    place: (_, __, at) => ({ at, form: "line" }),
  },
  // <key>name</key> <string>value</string>
  {
    pattern: /<\/(?:key|name)>(?:\s|\\n){0,40}<(?:string|data|value)>/y,
    place: inSetting,
  },
  // ["--name", "value"]
  {
    pattern: new RegExp(String.raw`${SLASHES}["'],\s{0,8}${QUOTED}`, "y"),
    place: (text, name, at) =>
      /^--?[A-Za-z]/.test(name.text) && !/^\\{0,8}["']-/.test(text.slice(at, at + 10))
        ? { at, form: "code" }
        : undefined,
  },
  // name=value, "name": "value", name := value, name => value, ["name"] = value
  {
    pattern: new RegExp(
      String.raw`${CLOSE}(?:\])?\??[*_]{0,3}(?:\s{0,20})(?:=>|:=|\|\|=?|\?\?=?|={1,3}|::?-?|%3[Dd])[*_]{0,3}(?:\s|\\{1,8}[nt]){0,20}`,
      "y",
    ),
    place: assigned,
  },
  // --name value, netrc: password value
  { pattern: /(?:\s|\\{1,8}n){1,4}/y, place: spaced },
  // | name | value | in a table
  { pattern: /[`*_]{0,3}\s{0,20}\|\s{0,20}/y, place: inTable },
  // setenv("name", "value"), getenv("name", "default")
  {
    pattern: new RegExp(
      String.raw`${SLASHES}["']\s{0,4},\s{0,8}(?:[A-Za-z]{1,12}\s?=\s?)?(?=${SLASHES}["'])`,
      "y",
    ),
    place: inCall,
  },
  // <name>value</name>
  {
    pattern: />/y,
    place: (text, name, at) =>
      text.charAt(name.start - 1) === "<" ? { at, form: "setting" } : undefined,
  },
  // setPassword("value")
  {
    pattern: /\(\s{0,4}(?=\\*["'])/y,
    place: (_, name, at) =>
      /^(?:get|has|is|find|read|fetch)/i.test(name.text)
        ? undefined
        : { at, form: "code", isStrict: true },
  },
];

/** Where the value of this name starts, if one stands beside it. */
export function placeOfValue(text: string, name: Name): Place | undefined {
  for (const { pattern, place } of NOTATIONS) {
    pattern.lastIndex = name.end;
    if (!pattern.test(text)) continue;
    const found = place(text, name, pattern.lastIndex);
    if (found) return found;
  }
  return undefined;
}

function assigned(text: string, name: Name, at: number): Place | undefined {
  const separator = text.slice(name.end, at);
  // An empty value, and the next setting.
  if (/\n/.test(separator) && NEXT_SETTING.test(text.slice(at, at + 80))) return undefined;
  if (/^(?:=|%3[Dd]|:-)$/.test(separator)) return { at, form: "setting" };
  if (/^\s*:\s*$/.test(separator) && isAloneOnLine(text, name, at)) return { at, form: "line" };
  if (/^\s*=\s*$/.test(separator) && isAloneOnLine(text, name, at)) return { at, form: "line" };
  return { at, form: "code" };
}

const NEXT_SETTING = /^(?:export )?[A-Za-z_][\w.-]{0,60}\s{0,4}[=:]/;

/** Whether the line contains only the name and one bare word, as in YAML and property files. */
function isAloneOnLine(text: string, name: Name, at: number): boolean {
  const before = text.slice(Math.max(0, name.start - 40), name.start);
  if (!/(?:^|[\n\r]|\\n)[ \t>|]*(?:- )?$/.test(before)) return false;
  return /^[^\s;,(){}[\]]+[ \t]*(?:\r?\n|\\[nr]|#|"|$)/.test(text.slice(at, at + 200));
}

/** The cell after the name in a Markdown table. */
function inTable(text: string, name: Name, at: number): Place | undefined {
  const before = text.slice(Math.max(0, name.start - 80), name.start);
  if (!/(?:^|[\n\r]|\\n)[ \t]*\|[^\n\r]{0,60}$/.test(before)) return undefined;
  return { at, form: "setting", isStrict: true };
}

/** The argument after the name in a call that sets or reads a value by name. */
function inCall(text: string, name: Name, at: number): Place | undefined {
  const before = text.slice(Math.max(0, name.start - 40), name.start);
  const isCall =
    /(?:define|env|set[a-z]{0,16}|get|fetch|header|append|add|put|property|default|secret|save|store|field|value)\(\s{0,4}(?:"String",\s{0,4})?\\{0,8}["']$/i;
  return isCall.test(before) ? { at, form: "code", isStrict: true } : undefined;
}

/** `for the test server is`, between a name and its value in a sentence. */
const SAID =
  /^(?:(?:for|of|on|für|vom|von|pour|du|de|del|para|da)(?: [\p{L}\p{N}_.-]{1,30}){1,4} )?(?:is|was|are|to|will be|lautet|ist|est|es|é|è)(?: now)?:?\s{1,4}/u;
const SAID_MAX = 160;

/** The value after a name and spaces: of an option, in a file of settings, or in a sentence. */
function spaced(text: string, name: Name, at: number): Place | undefined {
  if (/^--?[a-z]/i.test(name.text)) {
    return text.charAt(at) === "-" ? undefined : { at, form: "setting" };
  }
  const before = text.slice(Math.max(0, name.start - 120), name.start);
  if (/^password$/i.test(name.text) && /(?:login|machine|user(?:name)?)\s+\S+\s+$/.test(before))
    return { at, form: "setting" };
  const isQuoted = /^['"]/.test(text.charAt(at));
  if (isQuoted && /^(?:\w*password|identified by)$/i.test(name.text)) return { at, form: "code" };
  if (/(?:^|[\n\r]|\\n)\s{0,8}(?:ENV|ARG|setenv|SET)\s{1,8}$/.test(before))
    return { at, form: "setting" };
  if (/^(?:requirepass|masterauth)$/i.test(name.text)) return { at, form: "setting" };
  const told = SAID.exec(text.slice(at, at + SAID_MAX));
  if (told) return { at: at + told[0].length, form: "setting", isStrict: true };
  return undefined;
}
