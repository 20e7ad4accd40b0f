import { Agent, request } from "node:http";
import type { ServerProcess } from "./server.ts";

/**
 * Sends requests for a bench at a third of the cost of `fetch`, because it shares the cores of the machine with the
 * server that it measures.
 */
export class LightClient {
  readonly #agent: Agent;
  readonly #server: Pick<ServerProcess, "url" | "key">;

  constructor(server: Pick<ServerProcess, "url" | "key">, connections: number) {
    this.#server = server;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Sends a request and reads the answer; rejects unless it is successful. */
  ask(path: string, body?: unknown): Promise<void> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { url, key } = this.#server;
    const headers = {
      Authorization: `Bearer ${key}`,
      ...(text === undefined
        ? {}
        : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
    };
    const method = text === undefined ? "GET" : "POST";
    return new Promise((resolve, reject) => {
      const sent = request(url + path, { agent: this.#agent, method, headers }, (answer) => {
        const status = answer.statusCode ?? 0;
        const isOk = status >= 200 && status < 300;
        answer.resume();
        answer.once("error", reject);
        answer.once("end", () => {
          if (isOk) resolve();
          else reject(new Error(`${path} answered ${status}`));
        });
      });
      sent.once("error", reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
