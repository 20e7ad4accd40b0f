/**
 * What the deployment must hold, kept beside it. A message has one sure state once a delivery of it
 * was acknowledged; a delivery that was not may or may not have arrived, so its state is possible
 * too. A delivery that is acknowledged while nothing else of the message is under way settles it.
 */
export type Delivery = {
  sessionExternalId: string;
  externalId: string;
  role: "user" | "assistant";
  textContent: string;
  promptTokens: number;
  completionTokens: number;
  createdAt: number;
  parts: { type: string; content: unknown }[];
};

type Entry = {
  /** Everything the message may be now. */
  possible: Delivery[];
  /** Whether it must be there at all. */
  isSure: boolean;
};

export class Model {
  readonly #entries = new Map<string, Entry>();
  /** Ids of deliveries under way: nobody else may send another state of them. */
  readonly #busy = new Set<string>();

  static idOf({ sessionExternalId, externalId }: Delivery): string {
    return `${sessionExternalId}/${externalId}`;
  }

  get size(): number {
    return this.#entries.size;
  }

  get acknowledged(): number {
    return [...this.#entries.values()].filter(({ isSure }) => isSure).length;
  }

  isBusy(delivery: Delivery): boolean {
    return this.#busy.has(Model.idOf(delivery));
  }

  /** A delivery is about to be sent: from now on its state is possible. */
  begin(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const id = Model.idOf(delivery);
      const entry = this.#entries.get(id) ?? { possible: [], isSure: false };
      this.#entries.set(id, { ...entry, possible: [...entry.possible, delivery] });
      this.#busy.add(id);
    }
  }

  /** It was acknowledged, or nobody knows. */
  end(deliveries: readonly Delivery[], isAcknowledged: boolean): void {
    for (const delivery of deliveries) {
      const id = Model.idOf(delivery);
      this.#busy.delete(id);
      if (isAcknowledged) this.#entries.set(id, { possible: [delivery], isSure: true });
    }
  }

  /** Some message that was sent before and is not under way, in its latest state. */
  some(random: () => number): Delivery | undefined {
    const ids = [...this.#entries.keys()];
    const id = ids[Math.floor(random() * ids.length)];
    if (id === undefined || this.#busy.has(id)) return undefined;
    return this.#entries.get(id)?.possible.at(-1);
  }

  /** Messages of a session, by the plugin's id. */
  ofSession(sessionExternalId: string): Map<string, Entry> {
    const prefix = `${sessionExternalId}/`;
    const own = [...this.#entries].filter(([id]) => id.startsWith(prefix));
    return new Map(own.map(([id, entry]) => [id.slice(prefix.length), entry]));
  }
}
