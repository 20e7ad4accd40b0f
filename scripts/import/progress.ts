import type { History } from "./rows.ts";
import { bytesText } from "./print.ts";

const DRAW_EVERY_MS = 100;
const BAR_WIDTH = 24;

/** A line on a terminal that shows how far reading is; nothing elsewhere. */
export class Progress {
  readonly #began = performance.now();
  #filesDone = 0;
  #bytesDone = 0;
  #bytesOfHistory = 0;
  #messages = 0;
  #drawnAt = 0;

  constructor(
    private readonly total: { files: number; bytes: number },
    private readonly out: NodeJS.WriteStream | undefined,
  ) {}

  message(history: History, readBytes?: number): void {
    if (readBytes === undefined) this.#messages += 1;
    else this.#bytesOfHistory = Math.min(readBytes, history.bytes);
    this.#draw();
  }

  historyDone(history: History): void {
    this.#filesDone += 1;
    this.#bytesDone += history.bytes;
    this.#bytesOfHistory = 0;
    this.#draw();
  }

  /** Takes the line away. */
  clear(): void {
    this.out?.write("\r\u001b[2K");
  }

  #draw(): void {
    const now = performance.now();
    if (this.out === undefined || now - this.#drawnAt < DRAW_EVERY_MS) return;
    this.#drawnAt = now;
    const { files, bytes } = this.total;
    const read = this.#bytesDone + this.#bytesOfHistory;
    const part = bytes === 0 ? 1 : Math.min(1, read / bytes);
    const seconds = (now - this.#began) / 1_000;
    const left = part > 0.01 ? `${duration((seconds / part) * (1 - part))} left` : "";
    const filled = Math.round(part * BAR_WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    const speed = `${(read / 1e6 / seconds).toFixed(1)} MB/s`;
    const text = `${bar} ${Math.floor(part * 100)}%  ${this.#filesDone}/${files} files  ${bytesText(read)}  ${this.#messages} messages  ${speed}  ${left}`;
    this.out.write(`\r\u001b[2K${text.slice(0, (this.out.columns || 100) - 1)}`);
  }
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
