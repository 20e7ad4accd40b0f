import { newTokenSigner } from "../local/auth/tokenSigner.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

/** An engine, and the signed-in people of a dashboard. */
export interface Dashboard {
  engine: TestEngine;
  /** The result of a public function, called as this user's browser does; an error throws. */
  call(
    kind: "query" | "mutation" | "action",
    path: string,
    userId: string | null,
    args?: object,
  ): Promise<unknown>;
}

/** Starts an engine that accepts sessions of Convex Auth signed here; embeddings and limits of requests are off. */
export async function startDashboard(): Promise<Dashboard> {
  const signer = await newTokenSigner();
  const limits = { RATE_LIMIT_READ: "off", RATE_LIMIT_SEARCH: "off", RATE_LIMIT_EXPORT: "off" };
  const env = { ...limits, ...signer.env };
  const engine = await startTestEngine({ embeddings: false, env });
  return {
    engine,
    async call(kind, path, userId, args = {}) {
      const answer = await engine.request(`/api/${kind}`, {
        json: { path, args, format: "json" },
        ...(userId === null ? {} : { key: await signer.tokenOf(engine.url, userId) }),
      });
      const said = (await answer.json()) as { status?: string; value?: unknown };
      if (said.status === "success") return said.value;
      throw new Error(`${path}: ${JSON.stringify(said).slice(0, 500)}`);
    },
  };
}
