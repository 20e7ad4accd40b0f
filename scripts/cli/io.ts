/** What a command reads and writes. Tests pass their own. */
export type Io = {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
  now: () => number;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Reads all of standard input. */
  stdin: () => Promise<string>;
  /** Asks a person; null if nobody can be asked. A secret is not shown while it is typed. */
  ask: (question: string, isSecret?: boolean) => Promise<string | null>;
  /** The file that starts the importer. */
  importer: string;
  /** Opens an address in a browser. */
  open: (url: string) => void;
};
