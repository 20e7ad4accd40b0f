import type { Address } from "./address";

/** The fields of a stored account that the decision depends on. */
export type AccountRow = {
  id: string;
  /** Missing for accounts created from the command line. */
  workosId?: string;
  email?: string;
  emailIsVerified: boolean;
  /** Shown only to the owner. Accounts are never looked up by it. */
  unverifiedEmail?: string;
  /** The account is being deleted. */
  isClosed: boolean;
  /** The account has sessions or other data. */
  hasContent: boolean;
};

/** The caller: a person who signs in, a webhook about a person, or the operator. */
export type AccountRequest =
  | { kind: "signIn"; workosId: string; address: Address; wasDeleted: boolean }
  | { kind: "notice"; workosId: string; address: Address }
  | { kind: "commandLine"; email?: string; userId?: string; mayCreate: boolean };

export type AccountDecision =
  | { kind: "use"; id: string }
  /** Links the WorkOS identity to an account created from the command line. */
  | { kind: "takeOver"; id: string }
  /** Links the identity to `into`, and removes the other one of its two accounts, which is empty. */
  | { kind: "merge"; from: string; into: string }
  | { kind: "create" }
  | { kind: "none" }
  | { kind: "closed" }
  | { kind: "ambiguous"; ids: string[] };

/**
 * Decides which account a request belongs to. `rows` are the account of the WorkOS identity, the
 * account of the user id, and all accounts with the address; `isComplete` is false when there were
 * more.
 *
 * An existing account is taken over only if it was created from the command line, and if
 * the address is verified and matches that account alone.
 */
export function decideAccount(
  request: AccountRequest,
  rows: readonly AccountRow[],
  isComplete: boolean,
): AccountDecision {
  if (request.kind === "commandLine") return decideCommandLine(request, rows, isComplete);
  const { workosId, address } = request;
  const own = rows.find((row) => row.workosId === workosId);
  const unclaimed =
    address.kind === "verified" && isComplete
      ? onlyUnclaimed(rows.filter((row) => row !== own && isFoundBy(row, address.address)))
      : undefined;
  if (own) {
    if (own.isClosed) return { kind: "closed" };
    return (unclaimed && merged(own, unclaimed)) ?? { kind: "use", id: own.id };
  }
  if (request.kind === "notice") return { kind: "none" };
  if (request.wasDeleted) return { kind: "closed" };
  return unclaimed ? { kind: "takeOver", id: unclaimed.id } : { kind: "create" };
}

/** One account out of two, if one of them is empty; the sessions of two are not mixed. */
function merged(own: AccountRow, unclaimed: AccountRow): AccountDecision | undefined {
  if (!own.hasContent) return { kind: "merge", from: own.id, into: unclaimed.id };
  if (!unclaimed.hasContent) return { kind: "merge", from: unclaimed.id, into: own.id };
  return undefined;
}

/** Whether this address identifies the account: the operator set it, or WorkOS verified it. */
function isFoundBy(row: AccountRow, address: string): boolean {
  const isTrusted = row.workosId === undefined || row.emailIsVerified;
  return !row.isClosed && isTrusted && row.email === address;
}

function onlyUnclaimed(holders: readonly AccountRow[]): AccountRow | undefined {
  const [first] = holders;
  return holders.length === 1 && first?.workosId === undefined ? first : undefined;
}

function decideCommandLine(
  request: AccountRequest & { kind: "commandLine" },
  rows: readonly AccountRow[],
  isComplete: boolean,
): AccountDecision {
  const { email, userId, mayCreate } = request;
  if (userId !== undefined) {
    const named = rows.find(({ id }) => id === userId);
    const hasAddress =
      email === undefined || named?.email === email || named?.unverifiedEmail === email;
    return named && !named.isClosed && hasAddress
      ? { kind: "use", id: named.id }
      : { kind: "none" };
  }
  if (email === undefined) return { kind: "none" };
  const holders = rows.filter((row) => isFoundBy(row, email));
  const [first] = holders;
  if (holders.length > 1 || !isComplete) {
    return { kind: "ambiguous", ids: holders.map(({ id }) => id) };
  }
  if (first) return { kind: "use", id: first.id };
  return { kind: mayCreate ? "create" : "none" };
}
