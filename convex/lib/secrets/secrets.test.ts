import { describe, expect, test } from "vitest";
import { SECRETS } from "./corpus.fixture";
import { createAnonymizer } from "../exports/anonymize";
import { marker } from "./finding";
import { HELD_OUT, HELD_OUT_HARMLESS } from "./heldOut.fixture";
import { HARMLESS } from "./harmless.fixture";
import { countSecrets, maskForOthers, maskSecrets } from "./mask";
import { masksBeforeStoring } from "./setting";
import { ISSUED } from "./issuedRules";
import { findSecrets, maskText, withMarkers } from "./scan";
import { THIRD_HARMLESS, THIRD_SECRETS } from "./thirdDraw.fixture";
import { UNSEEN_HARMLESS } from "./unseenHarmless.fixture";
import { UNSEEN_SECRETS } from "./unseenSecrets.fixture";

test("the corpus has at least 120 secrets of 50 kinds and 120 harmless texts", () => {
  expect(SECRETS.length).toBeGreaterThanOrEqual(120);
  expect(new Set(SECRETS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(50);
  expect(new Set(HARMLESS).size).toBeGreaterThanOrEqual(120);
  for (const { text, secret } of SECRETS) expect(text).toContain(secret);
});

describe("a secret is found", () => {
  test.each(
    [...SECRETS, ...HELD_OUT, ...UNSEEN_SECRETS, ...THIRD_SECRETS].map(
      ({ kind, text, secret }, n) => [`${kind} ${n}`, text, secret],
    ),
  )("%s", (_, text, secret) => expect(maskText(text)).not.toContain(secret));
});

describe("a harmless text stays as it is", () => {
  test.each([...HARMLESS, ...HELD_OUT_HARMLESS, ...UNSEEN_HARMLESS, ...THIRD_HARMLESS])(
    "%s",
    (text) => expect(maskText(text)).toBe(text),
  );
});

describe("a private key is masked however a tool printed its lines", () => {
  let state = 7;
  const base64 = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charAt(state >>> 26);
  };
  const body = Array.from({ length: 25 }, () => Array.from({ length: 64 }, base64).join(""));
  const mark = (end: string) => `-----${end} ${"PRIVATE"} KEY-----`;
  const lines = [mark("BEGIN"), ...body, mark("END")];
  test.each<[string, (line: string, n: number) => string]>([
    ["with line numbers and arrows", (line, n) => `${String(n).padStart(6)}→${line}`],
    ["with line numbers and tabs", (line, n) => `${n}\t${line}`],
    ["by grep -n", (line, n) => `id_rsa:${n}:${line}`],
    ["around a hit of grep", (line, n) => `id_rsa-${n}-${line}`],
    ["as a diff", (line) => `-${line}`],
    ["as a reply", (line) => `> ${line}`],
    ["with line numbers and bars", (line, n) => `${String(n).padStart(4)} | ${line}`],
    ["by bat", (line, n) => `${String(n).padStart(4)}   │ ${line}`],
    ["with bars at line numbers", (line, n) => `${n}│${line}`],
    ["in a box", (line) => `│ ${line.padEnd(64)} │`],
    ["in a heavy box with line numbers", (line, n) => `┃ ${n} ┃ ${line.padEnd(64)} ┃`],
    ["in a box of ASCII", (line) => `| ${line.padEnd(64)} |`],
    ["by delta", (line, n) => ` ⋮ ${String(n).padStart(3)} │${line}`],
    ["by delta with both numbers", (line, n) => `${String(n).padStart(3)} ⋮ ${n} │${line}`],
    ["by less -N and Vim", (line, n) => `${String(n).padStart(7)} ${line}`],
    ["with colons at line numbers", (line, n) => `${n}: ${line}`],
    ["with numbers in brackets", (line, n) => `[${n}] ${line}`],
  ])("%s, also as JSON and without its first line", (how, print) => {
    const printed = (from: number) =>
      `see\n${lines
        .map((line, at) => print(line, at + 1))
        .slice(from)
        .join("\n")}\nend`;
    const text = printed(0);
    const cut = printed(/^(?:around|as a|by delta)/.test(how) ? 0 : 3);
    for (const shown of [text, JSON.stringify({ content: text }), cut]) {
      const masked = maskText(shown);
      expect(body.filter((line) => masked.includes(line))).toEqual([]);
      expect(masked).toContain("end");
    }
  });
});

describe("what a terminal or a tool did to a text hides no secret", () => {
  const token = `ghp${"_"}${"aB3dE5gH7j".repeat(4).slice(0, 36)}`;
  test.each([
    ["DB_PASS=hunter2correcthors…", "hunter2correcthors"],
    ["postgres://admin:S3cr3tPw9xx…@db/x", "S3cr3tPw9xx"],
    ["curl -u bob:Tr0ub4dor3x… https://x", "Tr0ub4dor3x"],
    ["Authorization: Bearer abcDEF123456abc…", "abcDEF123456abc"],
    ["DB_PASS=Sw0rd***fish99x", "fish99x"],
    ["DB_PASS=hunter2...correcthorse", "correcthorse"],
    [`-${token}`, token],
    [`fix-${token}`, token],
    [`m_${token}`, token],
    [`.env-3-${token}`, token],
    ["\u001b[32mpassword: Tr0ub4dor3zz\u001b[0m", "Tr0ub4dor3zz"],
    ["\u001b[33mCookie: session=abcdef0123456789abcdef\u001b[0m", "abcdef0123456789abcdef"],
    ['"password"\u001b[0m: \u001b[32m"Tr0ub4dor3zz"\u001b[0m', "Tr0ub4dor3zz"],
    ["DB_PASS\u001b[0m=\u001b[33mTr0ub4dor3zz", "Tr0ub4dor3zz"],
  ])("%j", (text, secret) => expect(maskText(text)).not.toContain(secret));

  test.each(["key sk-…x9f2 is set", "API_KEY=sk-...abcd", "token: ****1234", "password=…"])(
    "what shows too little to use stays: %s",
    (text) => expect(maskText(text)).toBe(text),
  );
});

test("a longer finding that starts inside a shorter one is masked to its end", () => {
  const text = `password="ghp${"_"}${"a1B2".repeat(9)}!tail-99"`;
  expect(maskText(text)).not.toMatch(/tail-99/);
});

test("a secret anywhere in a long text is found, wherever the text is cut to be examined", () => {
  const filler = "lorem ipsum dolor\n";
  const inLongText = (windowChars: number, secrets: typeof SECRETS) => {
    const pieces: string[] = [];
    const expected: string[] = [];
    let length = 0;
    for (const [n, { text, secret }] of secrets.entries()) {
      // Each secret lies across the border of a window.
      const border = (n + 1) * windowChars;
      const before = border - length - text.indexOf(secret) - Math.ceil(secret.length / 2);
      const around = filler.repeat(Math.ceil(before / filler.length)).slice(-before);
      pieces.push(`${around}${text}\n`);
      expected.push(around, maskText(`${text}\n`));
      length += around.length + text.length + 1;
    }
    const whole = pieces.join("");
    expect(withMarkers(whole, findSecrets(whole, windowChars)) === expected.join("")).toBe(true);
    return whole;
  };
  inLongText(32_768, SECRETS);
  // Twenty secrets of different kinds, at the borders of windows of the default size.
  const kinds = new Map(SECRETS.map((one) => [one.kind, one]));
  const whole = inLongText(262_144, [...kinds.values()].slice(0, 20));
  expect(maskText(whole) === withMarkers(whole, findSecrets(whole, 262_144))).toBe(true);
  const long = `-----BEGIN PRIVATE KEY-----\n${`${"MIIEvQ".repeat(10)}\n`.repeat(9_000)}-----END PRIVATE KEY-----`;
  expect(maskText(`${filler.repeat(10_000)}${long} end`)).toMatch(
    /\n\[redacted:private-key\] end$/,
  );
  const token = `eyJhbGciOiJIUzI1NiJ9.${"eyJzdWIi".repeat(60_000)}.${"aB3_".repeat(11)}`;
  expect(maskText(`${filler.repeat(10_000)}token: ${token} end`)).not.toContain("eyJzdWIi");
});

test("a value between quotes ends at the quote that is not escaped", () => {
  expect(maskText(String.raw`password = "ab\"cdefgh12"; next()`)).toBe(
    `password = "${marker("password")}"; next()`,
  );
});

test.each([
  ["mask", true],
  [" Mask ", true],
  ["masked", true],
  ["true", true],
  ["1", true],
  [undefined, false],
  ["", false],
  ["off", false],
  ["No", false],
  ["0", false],
])("REDACT_SECRETS=%j masks before storing: %j", (setting, masks) => {
  expect(masksBeforeStoring(setting)).toBe(masks);
});

test("JSON keys are masked too for readers other than the owner", () => {
  const key = `ghp${"_"}${"a1B2".repeat(9)}`;
  expect(maskForOthers({ args: [{ [key]: key, command: "ls" }] })).toEqual({
    args: [{ [marker("github-token")]: marker("github-token"), command: "ls" }],
  });
});

test("masking masked text changes nothing", () => {
  for (const { text } of [...SECRETS, ...HELD_OUT, ...UNSEEN_SECRETS, ...THIRD_SECRETS]) {
    const masked = maskText(text);
    expect(maskText(masked)).toBe(masked);
  }
});

test("secrets next to each other are all found, and findings do not overlap", () => {
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

  test("a key, an option or a name reveals the secret next to it", () => {
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

  test("opaque data of providers is left alone, but other text under the same keys is not", () => {
    const signature = `password=hunter2${"Ab1+/".repeat(40)}`;
    // Elsewhere a value of this shape is a key of Azure's.
    const opaque = `${"Ab1+/".repeat(18).slice(0, 86)}==`;
    expect(maskSecrets({ data: opaque })).not.toEqual({ data: opaque });
    expect(maskSecrets({ signature: `ghp${"_"}${"a1B2".repeat(20)}` })).toEqual({
      signature: marker("github-token"),
    });
    expect(maskSecrets({ signature: opaque, encrypted_content: opaque })).toEqual({
      signature: opaque,
      encrypted_content: opaque,
    });
    expect(JSON.stringify(maskSecrets({ signature: `${signature} ${token}` }))).not.toContain(
      token,
    );
  });

  test("counts contain distinct secrets by kind and never a secret", () => {
    const counts = countSecrets([token, { a: token }, "password=monkey1", "password=monkey2"]);
    expect(counts).toEqual([
      { kind: "github-token", count: 1 },
      { kind: "password", count: 2 },
    ]);
  });
});

/** The same for user names and addresses. */
const SLOW_PEOPLE = [
  ...[
    "/Users/",
    "C:\\Users\\",
    "\\\\a\\",
    "//wsl$/a/home/",
    "%2FUsers%2F",
    "-Users-",
    "~a/",
    "git@a:",
  ],
  ...["a@b", "a@b.c", "%40", "ada ", "ada lovelace", "USER=a"],
];

/** Texts on which a backtracking pattern would take quadratic time. */
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
  ...[
    "password\\\\",
    "api key ",
    "| password | ",
    'setenv("password", "',
    "redis-cli -a ",
    "postgres://a:b c@",
  ],
  ...["mnemonic: abandon ", "12345678:AA", "AKIA", "Ab1/", "0123456789abcdef", "a", " ", "\n", "é"],
];

/** Values next to a name, as long as those examined, that a pattern could split in many ways. */
const VALUES = [
  "a",
  "A",
  "a1",
  "a-",
  "a.",
  "-",
  ".",
  "/",
  "\\",
  "~",
  "aA",
  ":a",
  "{",
  "x ",
  "Ab1/",
];

const anonymizer = createAnonymizer("key", ["ada lovelace", "ada"]);
const TASKS = { masking: findSecrets, anonymising: anonymizer.text };

function cpuOf(task: (text: string) => unknown, ...texts: string[]): number {
  const start = process.cpuUsage();
  for (const text of texts) task(text);
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/**
 * The CPU time for 160,000 characters, as a multiple of the time for the same text in four parts: 1
 * if linear, 4 if quadratic. The minimum of several measurements, because a busy machine adds to
 * any of them.
 */
function growth(task: (text: string) => unknown, unit: string): number {
  const part = unit.repeat(40_000 / unit.length);
  const ratio = () =>
    cpuOf(task, part.repeat(4)) / Math.max(cpuOf(task, part, part, part, part), 4_000);
  let least = ratio();
  for (let run = 0; run < 4 && least >= 2; run++) least = Math.min(least, ratio());
  return least;
}

describe.each(Object.entries(TASKS))("%s takes time in proportion to the text", (_, task) => {
  test.each([...SLOW, ...SLOW_PEOPLE])("%j repeated", (unit) => {
    expect(growth(task, unit)).toBeLessThan(2);
  });

  test.each(VALUES)("a password of 90, 250 and 40,000 times %j", (unit) => {
    const values = [90, 250, 40_000].flatMap((length) =>
      ["", "your", "my-"].map((word) => word + unit.repeat(length / unit.length)),
    );
    const text = values
      .map((value) => `password="${value}!\u0001" token: ${value}!\u0001 `)
      .join("");
    // Plain text of this length takes less than 20 ms; one backtracking pattern took 27 s for 100
    // characters.
    expect(cpuOf(task, text) / cpuOf(task, prose(text.length))).toBeLessThan(50);
  });
});

const prose = (length: number) => "The quick brown fox reads a file.\n".repeat(length / 34);

test("every issuer's prefix, repeated, takes time proportional to the text", () => {
  const prefixes = Array.from(new Set(ISSUED.flatMap((rule) => rule.prefixes)));
  const slow = prefixes.filter(
    (prefix) =>
      cpuOf(findSecrets, prefix.repeat(40_000 / prefix.length)) > 40_000 &&
      growth(findSecrets, prefix) >= 2,
  );
  expect(slow).toEqual([]);
});
