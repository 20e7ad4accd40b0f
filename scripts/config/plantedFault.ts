import type { Plugin } from "vite";

/** Names a file of the project and a change of its text (`scripts/mutants`), as JSON: `{ file, at, from, to }`. */
export const FAULT_VARIABLE = "OPENSYNC_PLANTED_FAULT";

/** One change of a source file: `from` at this offset becomes `to`. */
export type Fault = { file: string; at: number; from: string; to: string };

/** Plants a fault into a module as it is loaded, so that no file of the working copy is touched. */
export function plantedFault(): Plugin[] {
  const named = process.env[FAULT_VARIABLE];
  if (named === undefined) return [];
  const { file, at, from, to } = JSON.parse(named) as Fault;
  return [
    {
      name: "planted-fault",
      enforce: "pre",
      transform(code, id) {
        if (!id.split("?")[0]?.endsWith(`/${file}`)) return undefined;
        if (!code.startsWith(from, at)) throw new Error(`${file} has changed at ${at}`);
        return { code: code.slice(0, at) + to + code.slice(at + from.length), map: null };
      },
    },
  ];
}
