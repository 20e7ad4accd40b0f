import { TURN_MESSAGES } from "../payloads.ts";
import type { MeasuredCost, MeasuredCosts } from "./measured.ts";

/**
 * The operations of developers in a working day, and their cost. Bytes written, calls for each turn and
 * durations are measured on the local engine (`measured.json`). How often a developer does something, how
 * much slower a deployment is, and how long a provider takes are estimates, because no Convex deployment
 * runs here. The limits in `classes.ts` come from Convex's documentation.
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

/** A month of 300 sessions of 150 messages, in 22 working days (docs/costs.md). */
const TURNS = Math.round((300 * 150) / 22 / TURN_MESSAGES);
/** Estimate: how many times longer a call takes on a deployment, where it crosses machines. */
export const SLOWER = 4;
/** Estimate: how long a provider of embeddings takes for a request. */
export const PROVIDER_MS = 600;

const onDeployment = (ms = 0) => ms * SLOWER;

function request(cost: MeasuredCost, uses: "queries" | "mutations"): Step[] {
  return [
    { uses: "actions", ms: onDeployment(cost.actionMs) },
    { uses, ms: onDeployment(cost.functionMs) },
  ];
}

function job(cost: MeasuredCost): Step[] {
  const ms = onDeployment(cost.functionMs);
  return [
    { uses: "jobs", ms },
    { uses: "mutations", ms },
  ];
}

/** The operations of one developer's working day. */
export function operationsOf(costs: MeasuredCosts): Operation[] {
  const { search, reading, slice } = costs;
  return [
    ...turnOperations(costs),
    {
      name: "search or context",
      perDay: 10,
      holds: request(search, "queries"),
      writes: search.writes,
      isBackground: false,
    },
    {
      name: "page, list or statistics",
      perDay: 40,
      holds: request(reading, "queries"),
      writes: reading.writes,
      isBackground: false,
    },
    {
      name: "back-fill slice (of 200 MB, one developer in 200 a day)",
      perDay: 1_000_000 / Math.max(1, slice.writes),
      holds: request(slice, "mutations"),
      writes: slice.writes,
      isBackground: false,
    },
  ];
}

/** A turn's hooks, and what follows from them on schedule. */
function turnOperations({ hook, refresh, day, embedding }: MeasuredCosts): Operation[] {
  return [
    {
      name: "hook (one message or session)",
      perDay: TURNS * (hook.perTurn ?? 0),
      holds: request(hook, "mutations"),
      writes: hook.writes,
      isBackground: false,
    },
    {
      name: "refresh of a session",
      perDay: TURNS * (refresh.perTurn ?? 0),
      holds: job(refresh),
      writes: refresh.writes,
      isBackground: true,
    },
    {
      name: "copy of a day for statistics",
      perDay: TURNS * (day.perTurn ?? 0),
      holds: job(day),
      writes: day.writes,
      isBackground: true,
    },
    {
      name: "embedding of a turn",
      perDay: TURNS * (embedding.perTurn ?? 0),
      holds: [{ uses: "embeddings", ms: PROVIDER_MS + onDeployment(embedding.functionMs) }],
      writes: embedding.writes,
      isBackground: true,
    },
  ];
}
