import Module from "node:module";
import { externalText } from "./externalText.ts";

/** Bundled code. For Node, its file is `filename`, which does not exist. */
export interface Bundle {
  code: string;
  filename: string;
}

/** A loaded module: its exports by name. */
type Exports = Record<string, unknown>;

/** The modules of a functions folder; each is evaluated on first use. */
export type ModuleMap = Record<string, () => Exports>;

/** The component tree that `convex.config.ts` declares, as stored by `defineApp`. */
export interface Definition {
  componentDefinitionPath?: string;
  _childComponents: [
    name: string,
    Definition,
    env: Record<string, unknown> | null,
    httpPrefix?: string,
  ][];
}

/** Node's undocumented method to compile a CommonJS file with its source map. */
interface CompilingModule extends Module {
  _compile(code: string, filename: string): void;
}

/** Evaluates a bundle as the module that is given to it. */
type Evaluate = (this: unknown, module: { exports: unknown }, exports: unknown) => void;

/**
 * Compiled bundles by their code, with the module that was compiled: Node forgets the source map of a module that is
 * collected. The engines of a test run load the same functions again, and compiling takes most of that time.
 */
const compiledBundles = new Map<string, { evaluate: Evaluate; compiled: Module }>();

/** Compiles a bundle, unless this process did before. */
function compile(bundled: string, filename: string): Evaluate {
  // On the first line of the bundle, so that the lines of its source map stay the same.
  const code = externalText(`module.exports = (function (module, exports) {${bundled}\n});`);
  const known = compiledBundles.get(code);
  if (known?.compiled.id === filename) return known.evaluate;
  const compiled = new Module(filename) as CompilingModule;
  compiled._compile(code, filename);
  const evaluate = compiled.exports as Evaluate;
  compiledBundles.set(code, { evaluate, compiled });
  return evaluate;
}

/** Evaluates a bundle from memory, so that no loader of this process changes it; returns its exports. */
export function loadBundle({ code, filename }: Bundle): unknown {
  const evaluate = compile(code, filename);
  const loaded: { exports: unknown } = { exports: {} };
  evaluate.call(loaded.exports, loaded, loaded.exports);
  return loaded.exports;
}

/** The component tree of the bundle of `convex.config.ts`. */
export function loadDefinition(bundle: Bundle | null): Definition | null {
  return bundle === null ? null : (loadBundle(bundle) as { default: Definition }).default;
}
