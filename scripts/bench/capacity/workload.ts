/**
 * The operations of developers in a working day, and their cost. Calls per day, bytes written and durations are
 * estimates, because no Convex deployment runs here; the report says so. Only the limits in `classes.ts` come
 * from Convex's documentation.
 */

/** One step of an operation: the limit it counts against, and for how long. */
export type Step = {
  uses: "queries" | "mutations" | "actions" | "jobs" | "embeddings";
  ms: number;
};

export type Operation = {
  name: string;
  /** How often a developer does it in a working day. */
  perDay: number;
  /** Steps that run at the same time: an HTTP action waits for its mutation, a job for its provider. */
  holds: readonly Step[];
  /** Bytes written, including an entry in each index. */
  writes: number;
  /** Background work waits for the limits; a request that waits longer than it may is refused. */
  isBackground: boolean;
};

/** The working day, and the ratio of the busiest hour to the mean. */
export const DAY_SECONDS = 8 * 3_600;
export const PEAK = 2;

const TURNS = 409;

export const OPERATIONS: readonly Operation[] = [
  {
    name: "hook (one message or session)",
    perDay: TURNS * 6,
    holds: [
      { uses: "actions", ms: 60 },
      { uses: "mutations", ms: 25 },
    ],
    writes: 7_000,
    isBackground: false,
  },
  {
    name: "refresh of a session",
    perDay: TURNS * 2,
    holds: [
      { uses: "jobs", ms: 40 },
      { uses: "mutations", ms: 30 },
    ],
    writes: 6_000,
    isBackground: true,
  },
  {
    name: "embedding of a turn",
    perDay: TURNS,
    holds: [{ uses: "embeddings", ms: 700 }],
    writes: 32_000,
    isBackground: true,
  },
  {
    name: "search or context",
    perDay: 10,
    holds: [
      { uses: "actions", ms: 500 },
      { uses: "queries", ms: 200 },
    ],
    writes: 500,
    isBackground: false,
  },
  {
    name: "page, list or statistics",
    perDay: 40,
    holds: [
      { uses: "actions", ms: 80 },
      { uses: "queries", ms: 40 },
    ],
    writes: 500,
    isBackground: false,
  },
  {
    name: "back-fill slice (0.5 MB of 200 MB, one developer in 200 a day)",
    perDay: 2,
    holds: [
      { uses: "actions", ms: 1_000 },
      { uses: "mutations", ms: 150 },
    ],
    writes: 512 * 1024,
    isBackground: false,
  },
];
