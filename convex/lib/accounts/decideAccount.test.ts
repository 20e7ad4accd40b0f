import { describe, expect, test } from "vitest";
import { readAddress } from "./address";
import { decideAccount, type AccountDecision, type AccountRow } from "./decideAccount";

/** Which account a sign-in, a webhook of WorkOS or the command line leads to, in every case. */

const ADDRESS = "kim@example.com";
const made = (row: Partial<AccountRow> & { id: string }): AccountRow => ({
  emailIsVerified: false,
  isClosed: false,
  hasContent: true,
  ...row,
});
/** Created from the command line. */
const C = made({ id: "C", email: ADDRESS });
const C_EMPTY = made({ id: "C", email: ADDRESS, hasContent: false });
const C2 = made({ id: "C2", email: ADDRESS });
const C_CLOSED = made({ id: "C", email: ADDRESS, isClosed: true });
const C_OTHER = made({ id: "C", email: "other@example.com" });
/** From WorkOS, another identity. */
const W = made({ id: "W", workosId: "user_02", email: ADDRESS, emailIsVerified: true });
const W_UNVERIFIED = made({ id: "W", workosId: "user_02", email: ADDRESS });
const W_CLAIMED = made({ id: "W", workosId: "user_02", unverifiedEmail: ADDRESS });
const W_CLOSED = { ...W, isClosed: true };
/** From WorkOS, the identity that signs in. */
const OWN = made({ id: "OWN", workosId: "user_01" });
const OWN_SAME = { ...OWN, email: ADDRESS, emailIsVerified: true };
const OWN_EMPTY = { ...OWN, hasContent: false };
const OWN_CLOSED = { ...OWN, isClosed: true };

const use = (id: string): AccountDecision => ({ kind: "use", id });
const takeOver = (id: string): AccountDecision => ({ kind: "takeOver", id });
const mergeInto = (from: string, into: string): AccountDecision => ({ kind: "merge", from, into });
const merge = mergeInto("OWN", "C");
const create: AccountDecision = { kind: "create" };
const none: AccountDecision = { kind: "none" };
const closed: AccountDecision = { kind: "closed" };
const ambiguous = (...ids: string[]): AccountDecision => ({ kind: "ambiguous", ids });

type Case = [
  name: string,
  rows: AccountRow[],
  expected: {
    verified: AccountDecision;
    unverified: AccountDecision;
    notice: AccountDecision;
    commandLine: AccountDecision;
  },
];

const CASES: Case[] = [
  ["no account", [], all(create, create, none, create)],
  ["one from the command line", [C], all(takeOver("C"), create, none, use("C"))],
  ["one from the command line with another address", [C_OTHER], all(create, create, none, create)],
  ["one from the command line in deletion", [C_CLOSED], all(create, create, none, create)],
  ["two from the command line", [C, C2], all(create, create, none, ambiguous("C", "C2"))],
  [
    "two from the command line, one in deletion",
    [C_CLOSED, C2],
    all(takeOver("C2"), create, none, use("C2")),
  ],
  ["another identity, verified", [W], all(create, create, none, use("W"))],
  ["another identity, unverified in version 1", [W_UNVERIFIED], all(create, create, none, create)],
  ["another identity that claims the address", [W_CLAIMED], all(create, create, none, create)],
  ["another identity in deletion", [W_CLOSED], all(create, create, none, create)],
  [
    "one from the command line and another identity, verified",
    [C, W],
    all(create, create, none, ambiguous("C", "W")),
  ],
  [
    "one from the command line and another identity, unverified in version 1",
    [W_UNVERIFIED, C],
    all(takeOver("C"), create, none, use("C")),
  ],
  [
    "one from the command line and another identity in deletion",
    [W_CLOSED, C],
    all(takeOver("C"), create, none, use("C")),
  ],
  ["the own account", [OWN], all(use("OWN"), use("OWN"), use("OWN"), create)],
  [
    "the own account with the address",
    [OWN_SAME],
    all(use("OWN"), use("OWN"), use("OWN"), use("OWN")),
  ],
  ["the own account in deletion", [OWN_CLOSED], all(closed, closed, closed, create)],
  [
    "the own account in deletion and one from the command line",
    [OWN_CLOSED, C],
    all(closed, closed, closed, use("C")),
  ],
  [
    "the own account with data, and one from the command line",
    [OWN, C],
    all(use("OWN"), use("OWN"), use("OWN"), use("C")),
  ],
  [
    "the own empty account, and one from the command line",
    [OWN_EMPTY, C],
    all(merge, use("OWN"), merge, use("C")),
  ],
  [
    "the own account with data, and an empty one from the command line",
    [OWN, C_EMPTY],
    all(mergeInto("C", "OWN"), use("OWN"), mergeInto("C", "OWN"), use("C")),
  ],
  [
    "the own account with data, and two empty ones from the command line",
    [OWN, C_EMPTY, { ...C2, hasContent: false }],
    all(use("OWN"), use("OWN"), use("OWN"), ambiguous("C", "C2")),
  ],
  [
    "the own account with data, and an empty one of another identity",
    [OWN, { ...W, hasContent: false }],
    all(use("OWN"), use("OWN"), use("OWN"), use("W")),
  ],
  [
    "the own empty account, and two from the command line",
    [OWN_EMPTY, C, C2],
    all(use("OWN"), use("OWN"), use("OWN"), ambiguous("C", "C2")),
  ],
  [
    "the own empty account, and one from the command line in deletion",
    [OWN_EMPTY, C_CLOSED],
    all(use("OWN"), use("OWN"), use("OWN"), create),
  ],
  [
    "the own empty account, and another identity",
    [OWN_EMPTY, W],
    all(use("OWN"), use("OWN"), use("OWN"), use("W")),
  ],
];

function all(
  verified: AccountDecision,
  unverified: AccountDecision,
  notice: AccountDecision,
  commandLine: AccountDecision,
) {
  return { verified, unverified, notice, commandLine };
}

const person = { workosId: "user_01", wasDeleted: false };

describe.each(CASES)("with %s", (_, rows, expected) => {
  const decide = (email: unknown, isVerified: unknown, kind: "signIn" | "notice" = "signIn") =>
    decideAccount({ ...person, kind, address: readAddress(email, isVerified) }, rows, true);

  test.each([ADDRESS, "KIM@Example.COM"])("a verified %s", (email) => {
    expect(decide(email, true)).toEqual(expected.verified);
    expect(decide(email, true, "notice")).toEqual(expected.notice);
  });

  test.each(["true", "false", false, undefined, null, 1, {}])(
    "an address whose verification is %j",
    (isVerified) => {
      expect(decide(ADDRESS, isVerified)).toEqual(expected.unverified);
    },
  );

  test.each([
    "\u212Aim@example.com",
    "\u212AIM@EXAMPLE.COM",
    "kİm@example.com",
    "kím@example.com",
    "kım@example.com",
    "kim@exаmple.com",
    "kim@example.com\u00A0",
    "\uFEFFkim@example.com",
    "ki\u200Bm@example.com",
    "kim@example.com ",
    "kim@example.com\n",
    "kim@@example.com",
    "kim",
    "",
    undefined,
    null,
    7,
    ["kim@example.com"],
  ])("a verified address %j, which is another or none", (email) => {
    expect(decide(email, true)).toEqual(expected.unverified);
  });

  test("the command line", () => {
    const asked = { kind: "commandLine" as const, email: ADDRESS };
    expect(decideAccount({ ...asked, mayCreate: true }, rows, true)).toEqual(expected.commandLine);
    const only = expected.commandLine.kind === "create" ? none : expected.commandLine;
    expect(decideAccount({ ...asked, mayCreate: false }, rows, true)).toEqual(only);
  });

  test("an identity whose account was deleted recently gets no new one", () => {
    const address = readAddress(ADDRESS, true);
    const decided = decideAccount(
      { kind: "signIn", workosId: "user_01", address, wasDeleted: true },
      rows,
      true,
    );
    const isNew = ["create", "takeOver"].includes(expected.verified.kind);
    expect(decided).toEqual(isNew ? closed : expected.verified);
  });

  test("more accounts than were read lead to no account by address", () => {
    const address = readAddress(ADDRESS, true);
    const signIn = decideAccount({ ...person, kind: "signIn", address }, rows, false);
    expect(signIn.kind).not.toMatch(/takeOver|merge/);
    const asked = { kind: "commandLine" as const, email: ADDRESS, mayCreate: true };
    expect(decideAccount(asked, rows, false).kind).toBe("ambiguous");
  });
});

describe("the command line with a user id", () => {
  const decide = (rows: AccountRow[], userId: string, email?: string) => {
    const named = email === undefined ? { userId } : { userId, email };
    return decideAccount({ kind: "commandLine", mayCreate: true, ...named }, rows, true);
  };

  test("leads to that account, alone or with its own address", () => {
    expect(decide([C, C2, W], "C2", ADDRESS)).toEqual(use("C2"));
    expect(decide([C, W_CLAIMED], "W", ADDRESS)).toEqual(use("W"));
    expect(decide([OWN], "OWN")).toEqual(use("OWN"));
  });

  test("leads to no account for another address, an unknown id, or an account being deleted", () => {
    expect(decide([C, W], "W", "other@example.com")).toEqual(none);
    expect(decide([C], "X", ADDRESS)).toEqual(none);
    expect(decide([C_CLOSED], "C", ADDRESS)).toEqual(none);
    expect(decideAccount({ kind: "commandLine", mayCreate: true }, [C], true)).toEqual(none);
  });
});
