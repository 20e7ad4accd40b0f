/** A failure that a person can mend; a command prints its message and nothing else, and ends with 1. */
export class StartError extends Error {
  override name = "StartError";
}

/** A command was called in a way that cannot be meant; it ends with 2. */
export class UsageError extends StartError {
  override name = "UsageError";
}

/** What to say where `fetch` found nobody at an address. */
export function unreachable(url: string, error: unknown): StartError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new StartError(`${url} cannot be reached: ${reasonOf(cause)}.`);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return cause.message || code || cause.name;
}
