/** What an importer finds, in the form that `POST /sync/batch` takes. Pure types. */

/** Tokens and money of a message or session; each kind of token is said once. */
export type Numbers = {
  /** Input tokens that no cache served. */
  promptTokens?: number;
  /** All output tokens, those of reasoning among them. */
  completionTokens?: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  reasoningTokens?: number;
  /** US dollars, only where the tool recorded them. */
  cost?: number;
};

/** How a session came from its parent. */
export const RELATIONS = ["fork", "resume", "subagent"] as const;
export type Relation = (typeof RELATIONS)[number];

export type SessionRow = Numbers & {
  externalId: string;
  source: string;
  title?: string;
  projectPath?: string;
  projectName?: string;
  model?: string;
  provider?: string;
  gitBranch?: string;
  gitCommit?: string;
  host?: string;
  agentVersion?: string;
  parentExternalId?: string;
  relation?: Relation;
  createdAt?: number | string;
};

export type Part = { type: string; content?: unknown; [beside: string]: unknown };

export type MessageRow = Numbers & {
  sessionExternalId: string;
  externalId: string;
  source: string;
  role?: string;
  textContent?: string;
  parts?: Part[];
  createdAt?: number | string;
  model?: string;
  provider?: string;
  durationMs?: number;
  cacheWrite5mTokens?: number;
  cacheWrite1hTokens?: number;
  /** The provider's id of the response; its usage is counted once. */
  apiMessageId?: string;
  parentExternalId?: string;
};

/** What the owner of a session said of it, as `PATCH /api/sessions/:id` takes it. */
export type Edits = { [name: string]: unknown };

/** Where a history was read to: enough to read on from there. Plain JSON. */
export type Progress = { offset: number; line: number; memo: unknown };

/** One thing that reading a history brings, in order. */
export type Item =
  | { kind: "session"; row: SessionRow }
  | {
      kind: "message";
      row: MessageRow;
      line?: number;
      /** The server stored this message before, so that it is sent as it is, however long. */
      isStored?: true;
    }
  /** What the owner said of a session whose rows came before. */
  | { kind: "edits"; sessionExternalId: string; edits: Edits }
  /** Something that could not be read. */
  | { kind: "fault"; line?: number; reason: string }
  /** A record that is not a message, by its type. */
  | { kind: "bookkeeping"; type: string }
  /** A record of a type that this importer does not know; what it says is kept in a message. */
  | { kind: "unknown"; type: string }
  /** Usage of a copy, shown in the original: for the summary. */
  | { kind: "note"; reason: string }
  /** Reading may continue from here once all items before it are stored. */
  | { kind: "checkpoint"; progress: Progress };

/** What is read as one and remembered as one: a file, or a session in a database. */
export interface History {
  /** Its identity in the state file. */
  readonly key: string;
  /** What the user is shown. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: number;
  /** Differs whenever the content may differ. */
  readonly version: string;
  /**
   * Identifies what was read of an append-only file, so that a file that was replaced is told from one
   * that grew; absent where the history is always read whole.
   */
  readonly markOf?: (offset: number) => Promise<string>;
  /** Reads the history from `from`, or from its start. */
  read(from: Progress | undefined): AsyncIterable<Item>;
}

/** Where tools look for their files. */
export type Places = {
  home: string;
  env: { readonly [name: string]: string | undefined };
  /** Name of the machine that the histories come from. */
  host: string;
  /** The user named the path, so that its files may belong to any tool. */
  isNamed: boolean;
  /** Is told of folders that cannot be read. */
  onUnreadable?: (path: string, error: unknown) => void;
};

/** A tool whose history can be imported. */
export interface Tool {
  /** The `source` of its sessions. */
  readonly source: string;
  readonly label: string;
  /** Folders and files where this tool keeps its history, whether they exist or not. */
  places(places: Places): string[];
  /** The histories below a place, or in a path that the user named; none where it holds nothing of this tool. */
  histories(path: string, places: Places): AsyncIterable<History>;
}
