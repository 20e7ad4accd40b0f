import { wellFormed } from "../text";
import { summarizeMatches, type Matcher } from "./matching";
import {
  ESCAPE_LEVELS,
  percentDecoded,
  unescaped,
  withoutInlineData,
  withoutInvisible,
  withoutTerminalCodes,
} from "./readable";

/**
 * Chooses the reading of a stored text that holds the words of a query. The index has the words behind every
 * level of escapes and around invisible characters (`hiddenWords.ts`); a candidate whose text lacked them would
 * be dropped.
 */

/**
 * Returns the text, or its decoded reading if that has more of the query. Matches a text at most twice, and
 * once if it has all of the query or nothing to decode. The levels between would take as long again, and all that
 * they add is words that a further level splits: `new` in `C:\\new`.
 */
export function readingFor(matcher: Matcher, text: string): string {
  const { concepts, phrases } = matcher.query;
  const coverageOf = (reading: string) => {
    const { strengths, phrases: found } = summarizeMatches(matcher, reading);
    return strengths.reduce((sum, one) => sum + one, 0) + found.filter(Boolean).length;
  };
  const coverage = coverageOf(text);
  if (coverage >= concepts.length + phrases.length) return text;
  const decoded = decodedReading(text);
  return decoded !== text && coverageOf(decoded) > coverage ? decoded : text;
}

/** The text with all levels of escapes decoded and without invisible characters, as `hiddenWords` reads it. */
function decodedReading(text: string): string {
  let decoded = text;
  for (let level = 1; level <= ESCAPE_LEVELS; level++) {
    const next = unescaped(decoded);
    if (next === decoded) break;
    decoded = next;
  }
  const visible = withoutInvisible(decoded);
  if (visible === text) return text;
  const plain = withoutTerminalCodes(percentDecoded(withoutInlineData(visible)));
  return wellFormed(plain).normalize("NFC");
}
