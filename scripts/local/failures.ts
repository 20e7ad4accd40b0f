/** A failure that a person can fix; commands print only its message and exit with 1. */
export class StartError extends Error {
  override name = "StartError";
}

/** Invalid command-line arguments; commands exit with 2. */
export class UsageError extends StartError {
  override name = "UsageError";
}

/** Returns the error for an address that `fetch` could not reach. */
export function unreachable(url: string, error: unknown): StartError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new StartError(`${url} cannot be reached: ${reasonOf(cause)}.`);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return cause.message || code || cause.name;
}
