import { printTable } from "../../bench/table.ts";
import type { FunctionPeak } from "../../local/limits/peaks.ts";

const MIB = 1024 * 1024;
/** Budgets: a third of the platform's second, three quarters of its heap. */
const USER_MS_MAX = 330;
const HEAP_BYTES_MAX = 48 * MIB;
/** The most that one mutation may write: a quarter of what a deployment accepts in a second. */
const WRITE_BYTES_MAX = MIB;

type Worst = { value: number; step: string };
type Line = { userMs: Worst; heapBytes: Worst; write: Worst; calls: number };

/** Keeps the worst of every function over all steps. */
export class Report {
  readonly #lines = new Map<string, Line>();
  readonly #faults: string[] = [];

  step(step: string, fault: string | null, peaks: readonly FunctionPeak[]): void {
    if (fault !== null) {
      this.#faults.push(`${step}: ${fault}`);
      console.log(`  ✗ ${step}: ${fault}`);
    }
    for (const peak of peaks) {
      const name = `${peak.type} ${peak.component ? `${peak.component}/` : ""}${peak.name}`;
      const line = this.#lines.get(name) ?? blank();
      line.calls += peak.calls;
      raise(line.userMs, peak.userMs, step);
      raise(line.heapBytes, peak.heapBytes ?? 0, step);
      raise(line.write, peak.writeBurstBytes, step);
      this.#lines.set(name, line);
    }
  }

  /** Prints the table of docs/operating.md, most heap first, and what is beyond the budgets. */
  print(): void {
    const rows = [...this.#lines].sort(([, a], [, b]) => b.heapBytes.value - a.heapBytes.value);
    console.log("");
    printTable(
      ["function", "user time", "heap", "written at once", "most heap with"],
      rows.map(([name, { userMs, heapBytes, write }]) => [
        `\`${name}\``,
        userMs.value === 0 ? "–" : `${userMs.value.toFixed(0)} ms`,
        `${(heapBytes.value / MIB).toFixed(1)} MiB`,
        `${(write.value / 1024).toFixed(0)} KiB`,
        heapBytes.step,
      ]),
    );
    for (const fault of [...this.#faults, ...this.#beyond()]) console.log(`✗ ${fault}`);
    console.log(this.isWithinLimits() ? "All within limits." : "Not within limits.");
  }

  isWithinLimits(): boolean {
    return this.#faults.length === 0 && this.#beyond().length === 0;
  }

  #beyond(): string[] {
    return [...this.#lines].flatMap(([name, { userMs, heapBytes, write }]) => {
      const found: string[] = [];
      if (userMs.value > USER_MS_MAX)
        found.push(`${name}: ${userMs.value.toFixed(0)} ms in “${userMs.step}”`);
      if (heapBytes.value > HEAP_BYTES_MAX)
        found.push(
          `${name}: ${(heapBytes.value / MIB).toFixed(1)} MiB of heap in “${heapBytes.step}”`,
        );
      if (name.startsWith("mutation") && write.value > WRITE_BYTES_MAX)
        found.push(
          `${name}: writes ${(write.value / MIB).toFixed(1)} MiB at once in “${write.step}”`,
        );
      return found;
    });
  }
}

function blank(): Line {
  const none = () => ({ value: 0, step: "" });
  return { userMs: none(), heapBytes: none(), write: none(), calls: 0 };
}

function raise(worst: Worst, value: number, step: string): void {
  if (value <= worst.value) return;
  worst.value = value;
  worst.step = step;
}
