import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { queryTerms, hiddenWords } from "./hiddenWords";
import { containsInlineData, readable } from "./readable";
import { isIndexed, wordsOf } from "./words";

/** Whether a search for `word` finds `stored`, by the index of the text itself or by hidden words. */
function isFound(stored: string, word: string): boolean {
  const index = new Set(
    wordsOf(stored).flatMap(({ text }) => (isIndexed(text) ? [text.toLowerCase()] : [])),
  );
  for (const hidden of hiddenWords(stored, true)) index.add(hidden);
  const asked = [...queryTerms(word)];
  const isHeld = (one: string, isLast: boolean) =>
    index.has(one) || (isLast && [...index].some((known) => known.startsWith(one)));
  return asked.length > 0 && asked.every((one, i) => isHeld(one, i === asked.length - 1));
}

const base64 = (bytes: number) =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 7919 + 13) % 251)).toString(
    "base64",
  );

describe("a visible word is found", () => {
  const word = "zebrafinch";
  test.each([
    ["after an escaped line break in JSON", `{"command":"echo one\\n${word}"}`],
    ["after an escape in JSON within JSON", `{"arguments":"{\\"text\\":\\"a\\\\n${word}\\"}"}`],
    ["after a tab, a quote or a slash", `"a\\t${word}"`],
    ["behind a Unicode escape", `"\\u00e9t\\u00e9\\u0020${word}"`],
    ["after a literal escape in source code", `printf("x\\n${word}\\n")`],
    ["behind percent-encoding", `https://example.com/?q=a%20${word}`],
    ["in a colour", `\u001b[31m${word}\u001b[0m`],
    ["in a colour written as JSON", `"\\u001b[1;31m${word}\\u001b[0m"`],
    ["in a colour that lost its escape character", `[31m${word}[0m`],
    ["in a colour of a shell script", `echo "\\033[31m${word}" "\\e[0m" "\\x1b[1m${word}"`],
    ["in a charset switch", `\u001b(B${word}\u001b[m`],
    ["in a terminal link", `\u001b]8;;https://example.com\u001b\\${word}\u001b]8;;\u001b\\`],
    ["beside an image", `data:image/png;base64,${base64(400)} ${word}`],
  ])("%s", (_, stored) => {
    expect(isFound(stored, word)).toBe(true);
  });

  test.each([
    ["Chinese inside a run", "我们昨天修复了缓存失效的问题", "缓存"],
    ["one Chinese character at the end", "修复缓存", "存"],
    ["Japanese inside a run", "昨日キャッシュを修正しました", "修正"],
    ["Korean with its particle", "캐시를 수정했습니다", "캐시"],
    ["Thai inside a run", "เราแก้ไขแคชเมื่อวานนี้", "แคช"],
    ["a decomposed letter", "cafe\u0301", "café"],
    ["a composed letter, asked for decomposed", "café", "cafe\u0301"],
    ["full-width letters", "ＡＢＣ１２３", "abc123"],
    ["half-width katakana", "ｷｬｯｼｭ", "キャッシュ"],
    ["emoji", "shipped 🚀", "🚀"],
    ["a flag", "from 🇩🇪", "🇩🇪"],
    ["a commit hash", `commit ${"a94a8fe5".repeat(5)}`, "a94a8fe5".repeat(5)],
    [
      "a long identifier",
      "x = internalFrameInternalFrameTitlePanePainter",
      "internalFrameInternalFrameTitlePanePainter",
    ],
    [
      "a long German word",
      "die Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung",
      "Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung",
    ],
    ["the beginning of one", "die größenabhängigeBerechtigungsprüfungen", "größena"],
    ["17 letters of 32 bytes", "x ééééééééééééééaaé y", "ééééééééééééééaaé"],
    ["an accent after 31 letters", `${"b".repeat(31)}é`, `${"b".repeat(31)}é`],
    ["a long Russian word", "о высокопревосходительство", "высокопревосходительство"],
    ["a long Greek word", "η ηλεκτροεγκεφαλογράφημα", "ηλεκτροεγκεφαλογράφημα"],
    ["a micro sign", "took 12µs in all", "12µs"],
    ["a superscript", "an area of 3m² here", "3m²"],
    ["a ligature of Latin", "the Ĳsselmeer", "IJsselmeer"],
    ["a soft hyphen", "a soft\u00adhyphenzz", "softhyphenzz"],
    ["a soft hyphen as an escape", String.raw`"soft\u00adhyphenzz"`, "softhyphenzz"],
    ["a zero-width space", "a zero\u200bwidthzz", "zerowidthzz"],
    ["a word joiner", "a word\u2060joinzz", "wordjoinzz"],
    ["a byte order mark", "a byte\ufefforderzz", "byteorderzz"],
    ["a mark of direction", "a left\u200etorightzz", "lefttorightzz"],
    ["a Persian joiner, asked for without", "می\u200cخواهم", "میخواهم"],
    ["a Persian joiner, asked for with it", "می\u200cخواهم", "می\u200cخواهم"],
  ])("%s", (_, stored, word) => {
    expect(isFound(stored, word)).toBe(true);
  });

  test("between any escapes", () => {
    const words = fc.stringMatching(/^[a-z]{3,20}$/);
    const glue = fc.constantFrom(
      "\\n",
      "\\t",
      "\\u0020",
      "\\\\n",
      '\\"',
      "%20",
      "%0A",
      "\u001b[1m",
      "[0m",
      "\u001b(B",
      " ",
      "\\r\\n",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(glue, words), { minLength: 1, maxLength: 12 }), (pairs) => {
        const stored = pairs.map(([g, w]) => g + w).join("");
        for (const [, w] of pairs) expect(isFound(stored, w), `${w} in ${stored}`).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("no hidden words are derived without need", () => {
  test("plain English gives no hidden words", () => {
    expect(hiddenWords("Refactor the upload handler; see src/upload.ts and PR #12.", true)).toEqual(
      [],
    );
  });

  test("a colour code is no part of a hidden word", () => {
    const long = "y".repeat(40);
    expect(hiddenWords(`[31m${long}[0m`, true)).toEqual([long.slice(0, 31)]);
  });

  test("a word that the text's own index entry holds is not hidden", () => {
    const fragments = [
      "\\n",
      "\\u00e9",
      '\\"',
      "%20",
      "[31m",
      "\u001b[1m",
      "é",
      // Beyond Latin, a letter whose lower case is ASCII, and one whose lower case is longer.
      "—",
      "\u212a",
      "İ",
      "i\u0307",
      " ",
      "\t",
      "x".repeat(31),
    ];
    const words = ["Retry", "retry", "nretry", "n", "7", "i18n", "userId", "z".repeat(33)];
    const texts = fc.array(fc.constantFrom(...fragments, ...words), { maxLength: 30 });
    fc.assert(
      fc.property(texts, (list) => {
        const stored = list.join("");
        const held = wordsOf(stored).filter(({ text }) => isIndexed(text));
        const hidden = new Set(hiddenWords(stored, true));
        for (const { text } of held) expect(hidden, stored).not.toContain(text.toLowerCase());
      }),
      { numRuns: 2_000 },
    );
  });

  test("base64 gives no words", () => {
    expect(containsInlineData(base64(3_000))).toBe(true);
    expect(hiddenWords(base64(3_000), false)).toEqual(["data"]);
    const wrapped = (base64(3_000).match(/.{1,76}/g) ?? []).join("\n");
    expect(hiddenWords(`key:\n${wrapped}\nend`, false).length).toBeLessThan(8);
  });

  test("a long path is not data", () => {
    const path = "/srv/" + "packages/alphaBeta9/src/components/".repeat(8) + "main.go";
    expect(containsInlineData(path)).toBe(false);
  });
});

describe("a row is rendered as people read it", () => {
  test.each([
    ["half of a pair", String.raw`"cut emoji \ud83d"`, '"cut emoji \ufffd"'],
    ["the second half", String.raw`"\ude80 cut \u{de80} too"`, '"\ufffd cut \ufffd too"'],
    ["halves in the wrong order", String.raw`"\ude80\ud83d"`, '"\ufffd\ufffd"'],
    ["whole pairs", String.raw`"\ud83d\ude80 and \u{1f680}"`, '"🚀 and 🚀"'],
    ["a pair around a colour", String.raw`"\ud83d\u001b[0m\ude80"`, '"🚀"'],
  ])("as text that Convex can hold: %s", (_, stored, shown) => {
    expect(readable(stored, true)).toBe(shown);
  });

  test("without JSON escapes, colours and images", () => {
    const json = `{"out":"\\u001b[32mok\\u001b[0m\\nnext","image":"data:image/png;base64,${base64(60_000)}"}`;
    expect(readable(json, true)).toBe(`{"out":"ok\nnext","image":"[image/png, 60 kB]"}`);
  });
});

test("the time for hostile text grows linearly with its length", () => {
  const cpu = (text: string) => {
    const times = [0, 1].map(() => {
      const start = process.cpuUsage();
      hiddenWords(text, true);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    });
    return Math.min(...times);
  };
  const units = [
    "\\\\",
    "\u001b]",
    "\u001b[",
    "[1;",
    "%41",
    "A1b/",
    "aB3\n",
    "データ",
    "\\u0041",
    "data:a/b;",
  ];
  for (const unit of units) {
    const small = Math.max(5_000, cpu(unit.repeat(40_000 / unit.length)));
    const large = cpu(unit.repeat(320_000 / unit.length));
    // The text is eight times as long; quadratic time would take 64 times as long.
    expect(large / small, JSON.stringify(unit)).toBeLessThan(40);
  }
});
