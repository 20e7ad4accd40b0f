import { describe, expect, test } from "vitest";
import { SECRETS } from "./corpus.fixture";
import { marker } from "./finding";
import { HELD_OUT, HELD_OUT_HARMLESS } from "./heldOut.fixture";
import { HARMLESS } from "./harmless.fixture";
import { countSecrets, maskSecrets } from "./mask";
import { findSecrets, maskText } from "./scan";

test("the corpus is as large as it says: 120 secrets of 50 kinds, 120 harmless texts", () => {
  expect(SECRETS.length).toBeGreaterThanOrEqual(120);
  expect(new Set(SECRETS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(50);
  expect(new Set(HARMLESS).size).toBeGreaterThanOrEqual(120);
  for (const { text, secret } of SECRETS) expect(text).toContain(secret);
});

describe("a secret is found", () => {
  test.each(
    [...SECRETS, ...HELD_OUT].map(({ kind, text, secret }, n) => [`${kind} ${n}`, text, secret]),
  )("%s", (_, text, secret) => expect(maskText(text)).not.toContain(secret));
});

describe("a harmless text stays as it is", () => {
  test.each([...HARMLESS, ...HELD_OUT_HARMLESS])("%s", (text) => expect(maskText(text)).toBe(text));
});

test("masking what is masked changes nothing", () => {
  for (const { text } of SECRETS) {
    const masked = maskText(text);
    expect(maskText(masked)).toBe(masked);
  }
});

test("secrets are found in each other's neighbourhood, and findings do not overlap", () => {
  const all = SECRETS.map(({ text }) => text).join("\n\n");
  const masked = maskText(all);
  const left = SECRETS.filter(({ secret }) => secret.length > 8 && masked.includes(secret));
  expect(left.map(({ kind }) => kind)).toEqual([]);
  const findings = findSecrets(all);
  findings.forEach(({ start, end }, at) => {
    expect(end).toBeGreaterThan(start);
    expect(start).toBeGreaterThanOrEqual(findings[at - 1]?.end ?? 0);
  });
});

describe("in JSON", () => {
  const token = `ghp${"_"}${"a1B2".repeat(9)}`;

  test("every string at any depth is masked and every key is kept", () => {
    const deep = { [token]: [{ a: [[`x ${token} y`]] }], n: 1, t: true, none: null };
    expect(maskSecrets(deep)).toEqual({
      [token]: [{ a: [[`x ${marker("github-token")} y`]] }],
      n: 1,
      t: true,
      none: null,
    });
  });

  test("a key, an option or a name tells of the value beside it", () => {
    const value = {
      password: "monkey",
      args: ["--token", "abc123def456", "-u", "me:pw12"],
      env: [{ name: "DB_PASS", value: "x1y2" }],
      headers: { authorization: "Bearer abcdef123456", cookie: "sid=abcdef123456" },
    };
    expect(maskSecrets(value)).toEqual({
      password: marker("password"),
      args: ["--token", marker("token"), "-u", `me:${marker("password")}`],
      env: [{ name: "DB_PASS", value: marker("password") }],
      headers: {
        authorization: `Bearer ${marker("authorization")}`,
        cookie: `sid=${marker("cookie")}`,
      },
    });
  });

  test("opaque data of providers is left alone, other text under the same keys is not", () => {
    const signature = `password=hunter2${"Ab1+/".repeat(40)}`;
    const opaque = "Ab1+/".repeat(40);
    expect(maskSecrets({ signature: opaque, encrypted_content: opaque })).toEqual({
      signature: opaque,
      encrypted_content: opaque,
    });
    expect(JSON.stringify(maskSecrets({ signature: `${signature} ${token}` }))).not.toContain(
      token,
    );
  });

  test("counts are of distinct secrets by kind and hold no secret", () => {
    const counts = countSecrets([token, { a: token }, "password=monkey1", "password=monkey2"]);
    expect(counts).toEqual([
      { kind: "github-token", count: 1 },
      { kind: "password", count: 2 },
    ]);
  });
});

/** Texts on which a pattern that goes back over what it read would take quadratic time. */
const SLOW = [
  ...[
    "eyJ-",
    "eyJabcdefgh.",
    "sk-",
    "sk-ant-",
    "password=",
    "password:",
    "password ",
    'password="',
  ],
  ...["-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", '"', '\\"', "\\"],
  ...["://a:b@", "://", "cookie=", "cookie: a=b;", "authorization: bearer ", "token ", "secret"],
  ...[
    '"name":"password"',
    "<password>",
    "password={",
    "mysql -",
    " -u a:",
    "&sig=",
    "login a password ",
  ],
  ...["mnemonic: abandon ", "12345678:AA", "AKIA", "Ab1/", "0123456789abcdef", "a", " ", "\n", "é"],
];

test.each(SLOW)("takes time in proportion to the text: %j repeated", (unit) => {
  const cpu = (length: number) => {
    const text = unit.repeat(length / unit.length);
    const runs = [0, 1, 2].map(() => {
      const start = process.cpuUsage();
      findSecrets(text);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    });
    return Math.min(...runs);
  };
  cpu(10_000);
  const [short, long] = [cpu(40_000), cpu(160_000)];
  // A few milliseconds are noise of the clock, not growth.
  expect(long / Math.max(short, 4_000)).toBeLessThan(6);
});
