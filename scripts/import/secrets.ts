import type { SecretCount } from "../../convex/lib/secrets/finding";
import { changedCounts, totalCount } from "../../convex/lib/secrets/counts";
import { masking, SecretCounter, visitStrings } from "../../convex/lib/secrets/walk";
import type { Edits, MessageRow, SessionRow } from "./rows.ts";

/** What happens to secrets before rows are sent: they are counted, also masked, or left to a server that counts them. */
export type SecretWork = "count" | "mask" | "leave";

/** Counts the secrets in rows, and masks them if asked to, by the rules of the server. */
export class SecretExaminer {
  counts: SecretCount[] = [];

  constructor(private readonly work: SecretWork) {}

  get total(): number {
    return totalCount(this.counts);
  }

  /** Adds what the server found, if it is left to it. */
  addTold(counts: readonly SecretCount[]): void {
    if (this.work === "leave") this.counts = changedCounts(this.counts, counts);
  }

  /** The message as it may be sent. Its ids stay: they are how it is found again. */
  message(row: MessageRow): MessageRow {
    const { textContent, parts, ...fields } = row;
    const said = this.#examined({ textContent, parts });
    return said === undefined ? row : { ...fields, ...said };
  }

  /** The session as it may be sent. */
  session(row: SessionRow): SessionRow {
    const { title, projectPath, ...fields } = row;
    const said = this.#examined({ title, projectPath });
    return said === undefined ? row : { ...fields, ...said };
  }

  /** What the owner said, as it may be sent. */
  edits(edits: Edits): Edits {
    return this.#examined(edits) ?? edits;
  }

  /** The value masked; undefined where nothing is to be changed. */
  #examined<Value extends object>(value: Value): Value | undefined {
    if (this.work === "leave") return undefined;
    const masks = this.work === "mask";
    let counter: SecretCounter | undefined;
    const visited = visitStrings(value, (text, findings) => {
      counter ??= new SecretCounter();
      counter.visit(text, findings);
      return masks ? masking(text, findings) : text;
    });
    if (counter === undefined) return undefined;
    this.counts = changedCounts(this.counts, counter.counts());
    // Only strings change, and they stay strings.
    return masks ? (visited as Value) : undefined;
  }
}
