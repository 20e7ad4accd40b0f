import fc from "fast-check";
import { expect, test } from "vitest";
import { readCursor, writeCursor } from "./cursor";

test("a cursor is the URL-safe base64 of its values' JSON, in any language, and is read back", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(text, fc.double({ noNaN: true, noDefaultInfinity: true }), (word, number) => {
      const values = [word, number === 0 ? 0 : number] as const;
      const cursor = writeCursor(values);
      expect(cursor).toBe(Buffer.from(JSON.stringify(values)).toString("base64url"));
      expect(readCursor(cursor, ["string", "number"])).toEqual(values);
    }),
  );
});
