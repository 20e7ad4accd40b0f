/**
 * The one table of fields that plugins may send for a session or a message. Everything else derives
 * from it by type: what the HTTP API reads (`wire/sync.ts`) and answers (`wire/answers.ts`), the
 * columns (`convex/fields.ts`), merging, views, filters, exports and anonymising. To add a field,
 * add a line here. Pure.\n\nIds, roles, texts, parts, times and values set by the server or the
 * owner are not fields in this sense, because each has a rule of its own.
 */

/**
 * Where a field is shown: lists of sessions, a session with its messages, search results, exports,
 * the dashboard's pages, and the page of a shared session, which strangers read.
 */
export type View = OwnerView | "shared";
export type OwnerView = (typeof OWNER_VIEWS)[number];

/**
 * The views of a field without declared `views`: everything its owner sees, nothing that strangers
 * see.
 */
export const OWNER_VIEWS = ["list", "session", "search", "export", "dashboard"] as const;

/**
 * What an anonymised export does with the value.
 * - `no`: keeps it. It is a number.
 * - `text`: replaces the names, addresses and secrets in it. Equal values stay equal within an export, so ids and models
 *   still tell cases apart. Every label may hold a path of someone's home: an id, a model file.
 * - `name`: replaces it whole, here and wherever else it occurs. It names a person or their machine.
 */
type Personal = "no" | "text" | "name";

/** Which sent values replace the stored one. Absent and empty values never do. */
export type MergeRule =
  /** Any value. */
  | "newest"
  /** Any value except placeholders, text that a tool injected, and messages like `continue`. */
  | "newestTitle"
  /** Any value except `unknown`. */
  | "newestKnown"
  /** Any number except 0, which plugins send when they do not know the number. */
  | "newestPositive";

/** The declaration of one field. */
export type Field = {
  kind: "label" | "count" | "dollars" | "milliseconds";
  about: string;
  personal: Personal;
  /** Other names that plugins use for it. Every name is accepted in snake_case too. */
  aliases?: readonly string[];
  /** The most UTF-8 bytes kept of a label. */
  maxBytes?: number;
  /** Defaults to `newest` for labels and `newestPositive` for numbers. */
  merge?: MergeRule;
  /** The name of the request parameter that filters sessions by this field, if any. */
  filter?: string;
  views?: readonly View[];
};
/** The most bytes of a plugin's id: 512 characters of three bytes. */
const ID_MAX_BYTES = 3 * 512;
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

const TOTAL_TOKENS =
  "All tokens. Default: input plus output; cache and reasoning tokens are not in it.";

/**
 * Numbers of a message or a session. A session's are the sums over its messages unless its plugin
 * sent them.
 */
const numberFields = <const V extends readonly View[]>(views: V) => ({
  promptTokens: count("Input tokens.", "no", { aliases: ["inputTokens"], views }),
  completionTokens: count("Output tokens.", "no", { aliases: ["outputTokens"], views }),
  totalTokens: count(TOTAL_TOKENS, "no", { views }),
  cacheReadTokens: count("Input tokens read from the provider's cache.", "no", { views }),
  cacheWriteTokens: count("Input tokens written to the provider's cache.", "no", { views }),
  reasoningTokens: count("Tokens the model spent on reasoning.", "no", { views }),
  cost: dollars("Cost, US dollars.", "no", { views }),
  durationMs: milliseconds("How long it took, milliseconds.", "no", { views }),
});

/**
 * Fields that a plugin may send for a session. Labels are short, because they are copied into
 * lists.
 */
export const SESSION_FIELDS = {
  title: label("Shown in lists.", "text", {
    maxBytes: 500,
    merge: "newestTitle",
    views: [...OWNER_VIEWS, "shared"],
  }),
  projectPath: label("Working directory.", "text", { maxBytes: 1_000 }),
  projectName: label(
    "Name of the project; defaults to the last segment of `projectPath`.",
    "text",
    {
      filter: "project",
    },
  ),
  model: label("The AI model.", "text", {
    merge: "newestKnown",
    filter: "model",
    views: [...OWNER_VIEWS, "shared"],
  }),
  provider: label("Provider that serves the model.", "text", {
    merge: "newestKnown",
    filter: "provider",
  }),
  ...numberFields(OWNER_VIEWS),
  totalTokens: count(TOTAL_TOKENS, "no", { views: [...OWNER_VIEWS, "shared"] }),
  toolCallCount: count("Number of tool calls.", "no"),
  endReason: label("Why the session ended.", "text"),
  gitBranch: label("Git branch.", "text", { aliases: ["branch"], filter: "branch" }),
  gitCommit: label("Git commit.", "text", { aliases: ["commit"], filter: "commit" }),
  host: label("Name of the machine.", "name", { aliases: ["machine"], filter: "host" }),
  agentVersion: label("Version of the tool.", "text", { aliases: ["version"] }),
  parentExternalId: label(
    "The plugin's id of the session that this one was forked, resumed or spawned from.",
    "text",
    {
      aliases: ["parentId", "parentSessionId", "forkedFrom"],
      maxBytes: ID_MAX_BYTES,
      filter: "parentExternalId",
    },
  ),
  relation: label(
    "How the session derives from its parent: `fork`, `resume` or `subagent`.",
    "text",
    {
      views: ["list", "session", "export", "dashboard"],
    },
  ),
};

const IN_CONVERSATION = ["session", "export"] as const;

/** Fields that a plugin may send for a message. */
export const MESSAGE_FIELDS = {
  model: label("The AI model.", "text", {
    maxBytes: 2_000,
    views: [...IN_CONVERSATION, "dashboard", "shared"],
  }),
  provider: label("Provider that serves the model.", "text", {
    maxBytes: 2_000,
    views: IN_CONVERSATION,
  }),
  ...numberFields(IN_CONVERSATION),
  cacheWrite5mTokens: count("The share of `cacheWriteTokens` cached for five minutes.", "no", {
    views: IN_CONVERSATION,
  }),
  cacheWrite1hTokens: count("The share of `cacheWriteTokens` cached for an hour.", "no", {
    views: IN_CONVERSATION,
  }),
  apiMessageId: label("The provider's id of the response; its usage is counted once.", "text", {
    aliases: ["responseId", "requestId"],
    maxBytes: 512,
    views: IN_CONVERSATION,
  }),
  parentExternalId: label("The plugin's id of the message that this one answers.", "text", {
    maxBytes: ID_MAX_BYTES,
    views: IN_CONVERSATION,
  }),
};
