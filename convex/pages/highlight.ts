import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { escapeMarkup, visible } from "../lib/escape";

const LANGUAGES = {
  ...{ bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, php },
  ...{ python, ruby, rust, sql, swift, typescript, xml, yaml },
};
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/**
 * The longest highlighted code, because highlighting uses regular expressions that are not all
 * linear.
 */
const CODE_MAX_CHARS = 10_000;
/** The longest line of highlighted code; longer lines are generated, or meant to be slow. */
const LINE_MAX_CHARS = 1_000;
/** The most characters highlighted per page. */
const PAGE_MAX_CHARS = 40_000;

/** Renders code, highlighted if that is cheap. */
export type CodeWriter = (code: string, language: string) => string;

/** Creates a code writer for one page, whose blocks share a budget. */
export function codeForPage(): CodeWriter {
  let left = PAGE_MAX_CHARS;
  return (code, language) => {
    const name = language.toLowerCase();
    const isCheap = code.length <= Math.min(left, CODE_MAX_CHARS) && !hasLongLine(code);
    if (!isCheap || hljs.getLanguage(name) === undefined) return escapeMarkup(code);
    left -= code.length;
    return coloured(visible(code), name) ?? escapeMarkup(code);
  };
}

/** Renders code without highlighting. */
export const plainCode: CodeWriter = (code) => escapeMarkup(code);

const hasLongLine = (code: string) => code.split("\n").some((line) => line.length > LINE_MAX_CHARS);

/** The library's HTML if it contains only our spans and escaped text, with every span closed. */
function coloured(code: string, language: string): string | undefined {
  const { value } = hljs.highlight(code, { language, ignoreIllegals: true });
  return isOnlySpans(value) ? value : undefined;
}

const SPAN = /<span class="[\w -]+">|<\/span>/g;

function isOnlySpans(value: string): boolean {
  let depth = 0;
  for (const [tag] of value.matchAll(SPAN)) {
    depth += tag === "</span>" ? -1 : 1;
    if (depth < 0) return false;
  }
  return depth === 0 && !/[<>"]/.test(value.replace(SPAN, ""));
}

/** The language of a file, by its name. */
export function languageOf(path: string): string {
  const name = path
    .slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)
    .toLowerCase();
  return name === "dockerfile" ? name : (/\.(\w+)$/.exec(name)?.[1] ?? "");
}
