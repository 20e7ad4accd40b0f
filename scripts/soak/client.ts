import type { ServerProcess } from "../local/trials/server.ts";

/** A server that may be killed and come back elsewhere, and the one key of its user. */
export class Client {
  #server: ServerProcess | null = null;
  #waiting: (() => void)[] = [];

  get server(): ServerProcess | null {
    return this.#server;
  }

  set server(server: ServerProcess | null) {
    this.#server = server;
    if (server === null) return;
    for (const go of this.#waiting) go();
    this.#waiting = [];
  }

  /** The server, as soon as there is one. */
  async up(): Promise<ServerProcess> {
    while (this.#server === null) await new Promise<void>((go) => this.#waiting.push(go));
    return this.#server;
  }

  /** The answer, or null if there was none: the server died, or `signal` hung up. */
  async request(
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<{ status: number; body: unknown } | null> {
    const { url, key } = await this.up();
    try {
      const answer = await fetch(url + path, {
        headers: { Authorization: `Bearer ${key}` },
        ...(signal ? { signal } : {}),
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: JSON.parse(text) as unknown };
    } catch {
      return null;
    }
  }

  /** The body of a 200 answer; whatever else it is fails. */
  async read<T>(path: string, body?: unknown): Promise<T> {
    const answer = await this.request(path, body);
    if (answer?.status !== 200) throw new Error(`${path} answered ${JSON.stringify(answer)}`);
    return answer.body as T;
  }
}
