import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonItems, readJsonBytes, readJsonLists } from "./jsonBytes";
import { wellFormed } from "./text";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const LISTS = ["sessions", "messages"];
const read = (text: string, maxItems = 100) => readJsonLists(bytesOf(text), LISTS, maxItems);

/** The result with its items parsed. */
function whole(result: ReturnType<typeof readJsonLists>): unknown {
  if (!result.ok || typeof result.value !== "object" || result.value === null) return result;
  if (Array.isArray(result.value)) return result;
  const fields = Object.entries(result.value).map(([name, value]) => [
    name,
    value instanceof JsonItems
      ? Array.from(value, (one) => (one.ok ? one.value : one.why))
      : (value as unknown),
  ]);
  return { ok: true, value: Object.fromEntries(fields) as unknown };
}

/** The result of parsing the whole text, with its two lists separated like `readJsonLists` does. */
function expected(text: string): unknown {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, why: "not JSON" };
  }
}

describe("a body read list by list equals the body parsed as a whole", () => {
  test.each([
    `{"sessions":[],"messages":[{"a":1},[2,[3]],"x,]}\\"",null,4.5e-3 ] }`,
    ` {\n"mess\\u0061ges" : [ 1 , 2 ] , "other" : [ { "messages": [3] } ] } `,
    `{"messages":[1],"messages":[2,3]}`,
    `{"messages":[1],"messages":null}`,
    `{"messages":"x","messages":[1]}`,
    `{"messages":{"0":1}}`,
    `{"__proto__":1,"messages":[]}`,
    `{}`,
    `{"messages":[1,]}`,
    `{"messages":[,1]}`,
    `{"messages":[1 2]}`,
    `{"messages":[{]}`,
    `{"messages":[}`,
    `{"messages":[1],}`,
    `{"messages":[1] "x":2}`,
    `{"messages":[1}`,
    `{"messages":[1]`,
    `{"messages":["]}`,
    `{"messages" [1]}`,
    `{"messages":[1]}]`,
    `{"messages":[1]} {}`,
    `[{"messages":[1]}]`,
    `"messages"`,
    `{"a":1 ] ,"messages":[1]}`,
    `{"messages":[\ufeff1]}`,
    `{"messages":[1,\ufeff{"a":1}]}`,
    `{\ufeff"messages":[1]}`,
    `{"messages":\ufeff[1]}`,
    `{"messages":[1]}\ufeff`,
    ``,
  ])("%s", (text) => {
    expect(whole(read(text))).toEqual(expected(text));
  });

  test("for any JSON and any changed character", () => {
    const field = fc.constantFrom("sessions", "messages", "other", 'a"b\\', "é🎉");
    const body = fc.dictionary(field, fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()));
    const noise = fc.constantFrom("", ",", "]", "}", "[", "{", '"', "\\", ":", "0", " ");
    fc.assert(
      fc.property(body, fc.nat(), noise, fc.boolean(), (value, place, character, isSpaced) => {
        const text = JSON.stringify(value, null, isSpaced ? 1 : undefined);
        const at = place % (text.length + 1);
        for (const one of [text, text.slice(0, at) + character + text.slice(at + 1)]) {
          // Cutting a surrogate pair in half changes its bytes, so the encoded form is compared.
          const sent = wellFormed(one);
          expect(whole(read(sent))).toEqual(expected(sent));
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("a string is read to its end, with an escape at any position and a quote after any number of backslashes", () => {
  for (const escape of ['\\"', "\\\\", '\\\\\\"', "\\\\\\\\", "\\n"]) {
    for (let before = 0; before < 200; before++) {
      const text = `{"messages":["${"a".repeat(before)}${escape}","${escape}${"b".repeat(before)}",1]}`;
      expect(whole(read(text))).toEqual(expected(text));
    }
  }
});

test("a byte order mark before a body is no part of it, also before lists", () => {
  for (const text of [`{"messages":[1,{"a":2}],"other":3}`, ` {"messages":[]} `, `{}`]) {
    expect(whole(read(`\ufeff${text}`))).toEqual(expected(text));
    expect(read(`\ufeff${text}`)).toEqual(read(text));
  }
  expect(whole(read(`\ufeff\ufeff{"messages":[1]}`))).toEqual({ ok: false, why: "not JSON" });
});

test("invalid UTF-8 is recognised, in an item and outside of the lists", () => {
  const broken = (text: string) => {
    const bytes = bytesOf(text);
    bytes[bytes.indexOf(0x21)] = 0xff;
    return bytes;
  };
  for (const text of [`{"messages":[1,"!"]}`, `{"a":"!","messages":[]}`, `{"!":1}`, `["!"]`]) {
    const result = readJsonLists(broken(text), LISTS, 100);
    expect(result).toEqual({ ok: false, why: "not UTF-8" });
  }
  expect(readJsonBytes(broken(`"!"`))).toEqual({ ok: false, why: "not UTF-8" });
});

test("a list that is too long is recognised without reading it completely", () => {
  const result = read(`{"messages":[${Array(1_000).fill(1).join()}]}`, 10);
  const { messages } = (result.ok ? result.value : {}) as { messages?: JsonItems };
  expect(messages).toHaveLength(11);
});

describe("a value whose parsed form would fill the heap is rejected before it is parsed", () => {
  const filled = (item: string) =>
    `[${Array(Math.ceil(4e6 / (item.length + 1)))
      .fill(item)
      .join()}]`;
  const keys = `{${Array.from({ length: 350_000 }, (_, n) => `"${n}":1`).join()}}`;
  const worst = [filled("[]"), filled("{}"), filled('""'), filled("1e20"), keys, "[".repeat(4e6)];
  test.each(worst.map((text) => [text.slice(0, 20), text]))("%s…", (_, text) => {
    expect(readJsonBytes(bytesOf(text))).toEqual({ ok: false, why: "too large" });
    const list = read(`{"other":1,"messages":[1,${text},2]}`);
    if (text.startsWith("[[[")) return;
    expect(whole(list)).toEqual({ ok: true, value: { other: 1, messages: [1, "too large", 2] } });
    expect(read(`{"messages":[1],"other":${text}}`)).toEqual({ ok: false, why: "too large" });
  });

  test("whatever the values before it in its list contain", () => {
    const value = `{"${"k".repeat(9.6e6)}":1}`;
    expect(readJsonBytes(bytesOf(value))).toEqual({ ok: false, why: "too large" });
    const list = whole(read(`{"messages":[${value},${value}]}`));
    expect(list).toEqual({ ok: true, value: { messages: ["too large", "too large"] } });
  });

  test("a text of 8 MB is not rejected", () => {
    const text = JSON.stringify("x".repeat(7.9e6));
    expect(readJsonBytes(bytesOf(text)).ok).toBe(true);
  });
});

describe("long strings, which are decoded from their own bytes", () => {
  const faultOf = (bytes: Uint8Array) => {
    const found = readJsonBytes(bytes);
    return found.ok ? "none" : found.why;
  };
  const long = (character: string) => `${"a".repeat(65_530)}${character}${"é🎉".repeat(20_000)}`;

  test("any character and escape may stand at the edge of a piece", () => {
    const escapes = ["\\n", "\\\\", '\\"', "\\u00e9", "\\ud83d\\ude00", "\\ud800", "漢", "🎉"];
    for (const escape of [...escapes, "\\u0001", "/", "\ufeff"]) {
      for (let by = 0; by < 12; by++) {
        const json = `"${"a".repeat(65_530 + by)}${escape}${escape}${"b\\t".repeat(2_000)}"`;
        const found = readJsonBytes(bytesOf(json));
        expect(found.ok && found.value === JSON.parse(json)).toBe(true);
      }
    }
  });

  test("they may stand anywhere, also under keys that look dangerous and twice under one", () => {
    const [one, two] = [JSON.stringify(long("1")), JSON.stringify(long("\ufeff"))];
    const texts = [
      `{"__proto__":${one},"b":[null,${two},{"c":${one}}],"b2":"short"}`,
      `{"a":${one},"a":${two},"${"k".repeat(70_000)}":1}`,
      `[${one},${two},${one}]`,
      ` ${one} `,
    ];
    for (const text of texts) {
      expect(readJsonBytes(bytesOf(text))).toEqual({
        ok: true,
        value: JSON.parse(text) as unknown,
      });
      const body = `{"messages":[${text}],"other":${text}}`;
      expect(whole(read(body))).toEqual(expected(body));
    }
    const found = readJsonBytes(bytesOf(texts[0] ?? ""));
    expect(Object.keys((found.ok ? found.value : {}) as object)[0]).toBe("__proto__");
  });

  test("what is wrong in one of them is wrong in the body", () => {
    const inside = "a".repeat(100_000);
    for (const fault of ["\n", "\\x", "\\u12g", "\\u00zz", "\u0000"]) {
      for (const more of ["", "\\n"]) {
        const text = `{"a":"${inside}${fault}${more}${inside}"}`;
        expect(faultOf(bytesOf(text))).toBe("not JSON");
      }
    }
    for (const open of [`"${inside}`, `"${inside}\\"`, `["${inside}]`, `{"a":"${inside}"`]) {
      expect(faultOf(bytesOf(open))).toBe("not JSON");
    }
    for (const more of ["", "\\n"]) {
      const bytes = bytesOf(`["${inside}!${more}${inside}"]`);
      bytes[bytes.indexOf(0x21)] = 0xff;
      expect(faultOf(bytes)).toBe("not UTF-8");
    }
  });
});
