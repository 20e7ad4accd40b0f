import { describe, expect, test } from "vitest";
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
