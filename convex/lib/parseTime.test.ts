import { describe, expect, test } from "vitest";
import { readDate, readMs } from "./parseTime";
import { readTime } from "./sync/sourceTime";

const AT = Date.UTC(2026, 10, 28, 22, 39, 31, 123);
const SECOND = AT - 123;
const NOW = AT + 60_000;

describe("a time is read as what it says", () => {
  test.each<[string, unknown, number]>([
    ["milliseconds", AT, AT],
    ["seconds", SECOND / 1_000, SECOND],
    ["seconds with a fraction", AT / 1_000, AT],
    ["microseconds", AT * 1_000 + 456, AT],
    ["nanoseconds", AT * 1_000_000 + 456_789, AT],
    ["nanoseconds as text", `${AT}456789`, AT],
    ["seconds as text", `${SECOND / 1_000}.123456`, AT],
    ["ISO, UTC", "2026-11-28T22:39:31.123Z", AT],
    ["ISO, an offset", "2026-11-29T00:39:31.123+02:00", AT],
    ["ISO, an offset without a colon", "2026-11-28T17:39:31.123-0500", AT],
    ["ISO, an offset of hours", "2026-11-28T23:39:31.123+01", AT],
    ["ISO, nanoseconds", "2026-11-28T22:39:31.123456789Z", AT],
    ["ISO, a comma", "2026-11-28T22:39:31,123Z", AT],
    ["ISO without a zone is UTC, whatever the zone of the machine", "2026-11-28T22:39:31.123", AT],
    ["ISO in lower case", "2026-11-28t22:39:31.123z", AT],
    ["ISO without seconds", "2026-11-28T22:39Z", SECOND - 31_000],
    ["ISO, basic", "20261128T223931.123Z", AT],
    ["ISO, basic, an offset", "20261129T003931.123+0200", AT],
    ["ISO, basic, without a zone", "20261128T223931", SECOND],
    ["ISO, basic, a day", "20261128", Date.UTC(2026, 10, 28)],
    ["a day", "2026-11-28", Date.UTC(2026, 10, 28)],
    ["SQL", "2026-11-28 22:39:31.123", AT],
    ["Python", "2026-11-28 22:39:31.123456+00:00", AT],
    ["Ruby", "2026-11-28 22:39:31 UTC", SECOND],
    ["Go", "2026-11-28 22:39:31.123456789 +0000 UTC", AT],
    ["Go, in a zone", "2026-11-28 23:39:31.123 +0100 CET", AT],
    ["Go, in a zone without a name", "2026-11-29 01:39:31.123 +0300 +03", AT],
    ["Go, with a monotonic clock", "2026-11-28 23:39:31.123 +0100 CET m=+0.000012345", AT],
    ["Go, UTC with a monotonic clock", "2026-11-28 22:39:31 +0000 UTC m=+0.0001", SECOND],
    ["an abbreviation behind an offset, which counts", "2026-11-28 23:39:31.123 +0100 EST", AT],
    ["the largest offsets there are", "2026-11-29T12:39:31.123+14:00", AT],
    ["date(1) of twelve hours", "Sat Nov 28 10:39:31 PM UTC 2026", SECOND],
    ["date(1) of older systems", "Sat 28 Nov 2026 10:39:31 PM UTC", SECOND],
    ["date(1) at noon", "Sat Nov 28 12:39:31 PM UTC 2026", SECOND - 10 * 3_600_000],
    ["date(1) after midnight", "Sat Nov 28 12:39:31 AM UTC 2026", SECOND - 22 * 3_600_000],
    ["RFC 2822", "Sat, 28 Nov 2026 22:39:31 +0000", SECOND],
    ["RFC 2822, an offset", "Sun, 29 Nov 2026 00:39:31 +0200", SECOND],
    ["RFC 2822 without a weekday", "28 Nov 2026 22:39:31 GMT", SECOND],
    ["RFC 2822, a zone of letters", "Sat, 28 Nov 2026 17:39:31 EST", SECOND],
    ["HTTP", "Sat, 28 Nov 2026 22:39:31 GMT", SECOND],
    ["asctime", "Sat Nov 28 22:39:31 2026", SECOND],
    ["date(1)", "Sat Nov 28 22:39:31 UTC 2026", SECOND],
    ["JavaScript", "Sat Nov 28 2026 22:39:31 GMT+0000 (Coordinated Universal Time)", SECOND],
    ["white space around it", " 2026-11-28T22:39:31Z\n", SECOND],
  ])("%s", (_, sent, expected) => expect(readTime(sent, NOW)).toBe(expected));
});

describe("what names no moment is no time", () => {
  test.each<[unknown]>([
    ["yesterday"],
    [""],
    ["7"],
    ["2026-02-30"],
    ["2026-02-30T10:00:00Z"],
    ["20260230T100000Z"],
    ["2026-13-01"],
    ["2026-11-28T25:00:00Z"],
    ["2026-11-28T10:61:00Z"],
    ["30 Feb 2026 10:00:00 GMT"],
    ["Sat, 28 Nov 2026"],
    ["2026-11-28T22:39:31 Mars"],
    ["2026-11-28T10:00:00+99:00"],
    ["2026-11-28T10:00:00+14:30"],
    ["2026-11-28T10:00:00+01:75"],
    ["2026-11-28 10:00:00 CET"],
    ["2026-11-28 10:00:00 EST CET"],
    ["Sat Nov 28 10:00:00 CET 2026"],
    ["Sat Nov 28 00:00:00 AM UTC 2026"],
    ["Sat Nov 28 13:00:00 PM UTC 2026"],
    ["2026-11-28 10:00:00 +0100 CET m=now"],
    ["11/28/2026 10:00"],
    ["version 2026-11-28"],
    [null],
    [true],
    [{}],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [-1],
    [0],
    [1e25],
  ])("%j", (sent) => expect(readTime(sent, NOW)).toBeUndefined());
});

describe("at the edges", () => {
  test("the units of numbers meet at powers of ten, and zero is the beginning of 1970", () => {
    expect([0, 1e11 - 1, 1e11, 1e14, 1e17].map(readMs)).toEqual([
      0,
      1e14 - 1_000,
      1e11,
      1e11,
      1e11,
    ]);
    expect([-1, 1e20, Number.NaN].map(readMs)).toEqual([undefined, undefined, undefined]);
  });

  test("the last second of a day, and a leap second, are times; a second or a minute more are not", () => {
    const midnight = Date.UTC(2026, 10, 29);
    expect(readMs("2026-11-28T23:59:59Z")).toBe(midnight - 1_000);
    expect(readMs("2026-11-28T23:59:60Z")).toBe(midnight);
    for (const none of ["23:59:61", "23:60:00", "24:00:00"]) {
      expect(readMs(`2026-11-28T${none}Z`)).toBeUndefined();
    }
    expect(readMs("2026-11-28T00:00:00+01:59")).toBe(midnight - 86_400_000 - 119 * 60_000);
    expect(readMs("2026-11-28T00:00:00+01:60")).toBeUndefined();
  });

  test("a day of one digit is read where names of months stand, and hours of a half day from 1 on", () => {
    const first = Date.UTC(2026, 10, 1, 1);
    expect(readMs("Sun Nov  1 01:00:00 2026")).toBe(first);
    expect(readMs("1 Nov 2026 01:00:00 AM GMT")).toBe(first);
    expect(readMs("1 Xyz 2026 01:00:00 GMT")).toBeUndefined();
  });

  test("nothing may stand before or behind a number or a time", () => {
    for (const text of ["x1796000000", "1796000000x", "1796000000.5.5", "1796000000."]) {
      expect(readMs(text)).toBeUndefined();
    }
    expect(readMs("1796000000.5")).toBe(1_796_000_000_500);
    expect(readMs("x2026-11-28")).toBeUndefined();
    expect(readMs("2026-11-28x")).toBeUndefined();
  });
});

test("a day is read in both forms of ISO 8601, and nothing else is a day", () => {
  expect([readDate("2026-11-28"), readDate("20261128")]).toEqual(["2026-11-28", "2026-11-28"]);
  const others = [
    "120261128",
    "202611281",
    "2026112",
    "2026-1128",
    "2x261128",
    "20x61128",
    "2026x128",
  ];
  for (const text of [...others, "202611x8", "20260230", "x20261128", "20261128x", ""]) {
    expect(readDate(text)).toBeUndefined();
  }
});

test("exactly the days of the calendar are days", () => {
  const number = (value: number, digits: number) => String(value).padStart(digits, "0");
  for (const year of [0, 96, 1900, 2000, 2023, 2024, 2100]) {
    for (let month = 0; month <= 13; month++) {
      for (let day = 0; day <= 32; day++) {
        const text = `${number(year, 4)}-${number(month, 2)}-${number(day, 2)}`;
        const at = Date.parse(`${text}T00:00:00.000Z`);
        const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
        expect(readDate(text), text).toBe(exists ? text : undefined);
      }
    }
  }
});
