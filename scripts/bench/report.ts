import { billOf } from "./bill.ts";
import { compare, CONSTANT, slope, SLOPE_MAX } from "./budgets.ts";
import { measure, type Cost, type Measurement, type Operation } from "./cost.ts";
import { indexesOfTables } from "./indexes.ts";
import { runLive, useOf } from "./live.ts";
import { runLoad } from "./load.ts";
import { embeddingOperations, meaningOperations, operations } from "./operations.ts";
import { startWorld } from "./world.ts";

/** The report: cost of every operation, its growth with history, and the bill of a month of work. */
export type Report = Awaited<ReturnType<typeof bench>>;

/** Turns of the live session without pauses, and of the one with pauses between requests. */
const DENSE_TURNS = 80;
const APART_TURNS = 4;

export type OperationReport = {
  name: string;
  /** At the smallest history. */
  smallest: Measurement;
  lines: ReturnType<typeof compare>;
  /** Exponents of growth with history. */
  slopes: Record<keyof Cost, number>;
  /** Null for operations without a budget; their growth is still shown. */
  isHeld: boolean | null;
};

/** With more history, the local provider would have to compute tens of thousands of vectors. */
const EMBEDDED_SCALE_MAX = 4;

/** The scales at which operations with embeddings are measured. */
export const embeddedScales = (scales: readonly number[]) =>
  scales.filter((scale) => scale <= EMBEDDED_SCALE_MAX);

/** All operations with embeddings. */
export const operationsByMeaning: readonly Operation[] = [
  ...embeddingOperations,
  ...meaningOperations,
];

/** Measures a list of operations at every scale. */
export async function measureOperations(
  scales: readonly number[],
  list: readonly Operation[],
  embeddings: boolean,
): Promise<OperationReport[]> {
  const results = new Map<string, { scale: number; measured: Measurement }[]>();
  for (const scale of scales) {
    const kind = embeddings ? "embedding" : "operations";
    console.error(`measuring ${kind} with ${scale} times the history`);
    const world = await startWorld(scale, { embeddings });
    for (const operation of list) {
      const points = results.get(operation.name) ?? [];
      points.push({ scale, measured: await measure(world, operation) });
      results.set(operation.name, points);
    }
    await world.stop();
  }
  return [...results].map(([name, points]) => reportOf(name, points));
}

function reportOf(name: string, points: { scale: number; measured: Measurement }[]) {
  const slopes = {} as Record<keyof Cost, number>;
  for (const what of CONSTANT) {
    slopes[what] = slope(
      points.map(({ scale, measured }) => ({ size: scale, value: measured.cost[what] })),
    );
  }
  const isConstant = Object.values(slopes).every((exponent) => exponent <= SLOPE_MAX);
  const comparisons = points.map(({ measured }) => compare(measured) ?? []);
  const isWithin = comparisons.flat().every(({ used, allowed }) => used <= allowed);
  const [first] = points;
  if (first === undefined) throw new Error("Nothing was measured");
  return {
    name,
    smallest: first.measured,
    lines: comparisons[0] ?? null,
    slopes,
    isHeld: comparisons[0]?.length ? isConstant && isWithin : null,
  };
}

/** Plays live sessions, and computes a month of them. */
export async function measureMonths() {
  const months = [];
  for (const embeddings of [false, true]) {
    for (const rhythm of ["dense", "apart"] as const) {
      const turns = rhythm === "dense" ? DENSE_TURNS : APART_TURNS;
      const kind = embeddings ? "with" : "without";
      console.error(`a live session of ${turns} turns, ${rhythm}, ${kind} embeddings`);
      const live = await runLive(turns, rhythm, embeddings);
      months.push({ rhythm, embeddings, live, bill: billOf(useOf(live), indexesOfTables()) });
    }
  }
  return months;
}

/** Runs every operation at every scale, the live sessions, and the load. */
export async function bench(options: { scales: number[]; clients: number[]; seconds: number }) {
  const { scales, clients, seconds } = options;
  const reports = await measureOperations(scales, operations, false);
  reports.push(...(await measureOperations(embeddedScales(scales), operationsByMeaning, true)));
  const months = await measureMonths();
  console.error(`load of ${clients.join(", ")} clients, ${seconds} s each`);
  const load = await runLoad(clients, seconds);
  return { node: process.version, scales, operations: reports, months, load };
}
