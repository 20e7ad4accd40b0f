/** How a command ends. Scripts and agents rely on these numbers; `docs/cli.md` lists them. */
export const EXIT = { done: 0, nothingFound: 1, usage: 2, authentication: 3, server: 4 } as const;

/** An expected failure: one sentence for people that says what to do next, and how the command ends. */
export class CliError extends Error {
  override name = "CliError";
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** An address that no request can be sent to. */
export const noAddress = (text: string) =>
  usageError(`${text} is no address. It begins with https:// (or http:// on this machine).`);

/** A command line that cannot be meant. */
export const usageError = (message: string) => new CliError(message, EXIT.usage);
