/** Limits of a deployment by class, from Convex's documentation, production/state/limits, 2026-11. */
export type DeploymentClass = {
  name: string;
  queries: number;
  mutations: number;
  /** Actions of the default runtime, including HTTP actions. */
  actions: number;
  jobs: number;
  /** Turns embedded at once: two jobs of up to 20 sessions each. Our limit, not Convex's. */
  embeddings: number;
  /** Bytes that mutations may write per second, including index entries. */
  writeBytes: number;
};

/** Two of the deployment's jobs are reserved for embedding (`model/embedding/slots.ts`). */
const ours = (jobs: number) => ({ jobs: jobs - 2, embeddings: 2 * 20 });

const MIB = 1024 * 1024;

export const CLASSES: readonly DeploymentClass[] = [
  { name: "S16", queries: 16, mutations: 16, actions: 64, ...ours(8), writeBytes: 4 * MIB },
  { name: "S256", queries: 256, mutations: 256, actions: 512, ...ours(256), writeBytes: 8 * MIB },
  {
    name: "D1024",
    queries: 1024,
    mutations: 512,
    actions: 1024,
    ...ours(512),
    writeBytes: 32 * MIB,
  },
  {
    name: "D2048",
    queries: 2048,
    mutations: 1024,
    actions: 2048,
    ...ours(1024),
    writeBytes: 64 * MIB,
  },
];
