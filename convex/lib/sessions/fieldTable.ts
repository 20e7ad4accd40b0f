/**
 * The one table of fields that plugins may send of a session or a message. Everything else follows
 * from it by type: what the HTTP API reads (`wire/sync.ts`) and answers (`wire/answers.ts`), the
 * columns (`convex/fields.ts`), merging, views, filters, exports and anonymising. To add a field, add
 * a line here. Pure.
 *
 * Ids, roles, texts, parts, times and what the server or the owner sets are not fields in this sense:
 * each has a rule of its own.
 */

/**
 * Where a field is shown: lists of sessions, a session with its messages, search results, exports, the
 * dashboard's pages, and the page of a shared session, which strangers read.
 */
export type View = OwnerView | "shared";
export type OwnerView = (typeof OWNER_VIEWS)[number];

/** Where a field is shown that declares no `views`: everywhere its owner looks, never to strangers. */
export const OWNER_VIEWS = ["list", "session", "search", "export", "dashboard"] as const;

/**
 * What an anonymised export does with the value.
 * - `no`: keeps it. It says nothing about a person.
 * - `text`: replaces the names, addresses and secrets in it.
 * - `name`: replaces it whole, here and wherever else it occurs. It names a person or their machine.
 */
type Personal = "no" | "text" | "name";

/** What of a value replaces the one that is stored. Absent and empty values never do. */
export type MergeRule =
  /** Any value. */
  | "newest"
  /** Any value but a placeholder, text that a tool injected, and messages like `continue`. */
  | "newestTitle"
  /** Any value but `unknown`. */
  | "newestKnown"
  /** Any number but 0, which plugins send for a number they do not know. */
  | "newestPositive";

/** A field as it is declared. */
export type Field = {
  kind: "label" | "count" | "dollars" | "milliseconds";
  about: string;
  personal: Personal;
  /** Other names that plugins send it under; its name in snake_case is always one. */
  aliases?: readonly string[];
  /** UTF-8 bytes that are kept of a label. */
  maxBytes?: number;
  /** `newest` for labels and `newestPositive` for numbers, where nothing is declared. */
  merge?: MergeRule;
  /** The name of the filter over it in requests, where sessions can be filtered by it. */
  filter?: string;
  views?: readonly View[];
};
type Options = Omit<Field, "kind" | "about" | "personal">;

function field<K extends Field["kind"]>(kind: K) {
  return <const P extends Personal, const O extends Options = object>(
    about: string,
    personal: P,
    options?: O,
  ) => ({ kind, about, personal, ...options }) as { kind: K; about: string; personal: P } & O;
}

const label = field("label");
const count = field("count");
const dollars = field("dollars");
const milliseconds = field("milliseconds");

const TOTAL_TOKENS = "All tokens; the sum of the others if absent.";

/** Numbers of a message, and of a session, where they are the sums over its messages unless it was sent. */
const numberFields = <const V extends readonly View[]>(views: V) => ({
  promptTokens: count("Input tokens.", "no", { aliases: ["inputTokens"], views }),
  completionTokens: count("Output tokens.", "no", { aliases: ["outputTokens"], views }),
  totalTokens: count(TOTAL_TOKENS, "no", { views }),
  cacheReadTokens: count("Input tokens read from the provider's cache.", "no", { views }),
  cacheWriteTokens: count("Input tokens written to the provider's cache.", "no", { views }),
  reasoningTokens: count("Tokens the model spent on reasoning.", "no", { views }),
  cost: dollars("US dollars.", "no", { views }),
  durationMs: milliseconds("Milliseconds.", "no", { views }),
});

/** What a plugin may send of a session. A label is copied into lists, so each is short. */
export const SESSION_FIELDS = {
  title: label("Shown in lists.", "text", {
    maxBytes: 500,
    merge: "newestTitle",
    views: [...OWNER_VIEWS, "shared"],
  }),
  projectPath: label("Working directory.", "text", { maxBytes: 1_000 }),
  projectName: label("Name of the project; else the last segment of `projectPath`.", "text", {
    filter: "project",
  }),
  model: label("The AI model.", "no", {
    merge: "newestKnown",
    filter: "model",
    views: [...OWNER_VIEWS, "shared"],
  }),
  provider: label("Who serves the model.", "no", { merge: "newestKnown", filter: "provider" }),
  ...numberFields(OWNER_VIEWS),
  totalTokens: count(TOTAL_TOKENS, "no", { views: [...OWNER_VIEWS, "shared"] }),
  toolCallCount: count("Number of tool calls.", "no"),
  endReason: label("Why the session ended.", "text"),
  gitBranch: label("Git branch.", "text", { aliases: ["branch"], filter: "gitBranch" }),
  gitCommit: label("Git commit.", "no", { aliases: ["commit"], filter: "gitCommit" }),
  host: label("Name of the machine.", "name", { aliases: ["machine"], filter: "host" }),
  agentVersion: label("Version of the tool.", "no", { aliases: ["version"] }),
  parentExternalId: label("The plugin's id of the session that this one came from.", "no", {
    aliases: ["parentId", "parentSessionId", "forkedFrom"],
    maxBytes: 512,
    filter: "parentExternalId",
  }),
  relation: label("How it came from its parent: `fork`, `resume` or `subagent`.", "no", {
    views: ["list", "session", "export", "dashboard"],
  }),
};

const IN_CONVERSATION = ["session", "export"] as const;

/** What a plugin may send of a message. */
export const MESSAGE_FIELDS = {
  model: label("The AI model.", "no", {
    maxBytes: 2_000,
    views: [...IN_CONVERSATION, "dashboard", "shared"],
  }),
  provider: label("Who serves the model.", "no", { maxBytes: 2_000, views: IN_CONVERSATION }),
  ...numberFields(IN_CONVERSATION),
  cacheWrite5mTokens: count("Of `cacheWriteTokens`, those kept for five minutes.", "no", {
    views: IN_CONVERSATION,
  }),
  cacheWrite1hTokens: count("Of `cacheWriteTokens`, those kept for an hour.", "no", {
    views: IN_CONVERSATION,
  }),
  apiMessageId: label("The provider's id of the response; its usage is counted once.", "no", {
    aliases: ["responseId", "requestId"],
    maxBytes: 512,
    views: IN_CONVERSATION,
  }),
  parentExternalId: label("The plugin's id of the message that this one answers.", "no", {
    maxBytes: 512,
    views: IN_CONVERSATION,
  }),
};
