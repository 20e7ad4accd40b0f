import { dirname } from "node:path";
import { StartError } from "../failures.ts";
import type { Exportable } from "../store/schema.ts";
import {
  loadBundle,
  loadDefinition,
  type Bundle,
  type Definition,
  type ModuleMap,
} from "./loadBundle.ts";

/** The bundled code of an app and its components. */
export interface BundledFunctions {
  /** The app's folder. */
  folder: string;
  /** `convex.config.ts`; null if there is none. */
  definition: Bundle | null;
  /** Exports the modules, by folder and path. */
  modules: Bundle;
}

/** A mounted component: the app itself is the root, with the path "". */
export interface Component {
  /** As Convex writes it: "", "rateLimiter", "rateLimiter/batchWorker". */
  path: string;
  modules: ModuleMap;
  schema: Exportable | null;
  /** Null for the app, which has the deployment's environment. */
  env: Record<string, string> | null;
  httpPrefix: string | null;
}

interface Mount {
  path: string;
  folder: string;
  env: Record<string, string> | null;
  httpPrefix: string | null;
}

function bind(
  env: Record<string, unknown> | null,
  outer: Record<string, string | undefined>,
): Record<string, string> {
  const bound: Record<string, string> = {};
  for (const [name, value] of Object.entries(env ?? {})) {
    const reference =
      typeof value === "object" && value !== null && "__envVarRef" in value
        ? outer[String(value.__envVarRef)]
        : value;
    if (typeof reference === "string") bound[name] = reference;
  }
  return bound;
}

function mounts(
  definition: Definition | null,
  parent: Mount,
  outer: Record<string, string | undefined>,
): Mount[] {
  const children = definition?._childComponents ?? [];
  return children.flatMap(([name, child, env, httpPrefix]) => {
    const bound = bind(env, outer);
    const mount: Mount = {
      path: parent.path === "" ? name : `${parent.path}/${name}`,
      folder: dirname(child.componentDefinitionPath ?? ""),
      env: bound,
      httpPrefix: httpPrefix ?? null,
    };
    return [mount, ...mounts(child, mount, bound)];
  });
}

function loadSchema(modules: ModuleMap): unknown {
  try {
    return modules["schema"]?.()["default"];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`schema.ts cannot be loaded (${why}): fix it, and start again.`);
  }
}

function schemaOf(modules: ModuleMap): Exportable | null {
  const schema = loadSchema(modules);
  const isSchema = typeof schema === "object" && schema !== null && "export" in schema;
  return isSchema ? (schema as Exportable) : null;
}

function allMounts(
  folder: string,
  definition: Definition | null,
  env: Record<string, string | undefined>,
): Mount[] {
  const root: Mount = { path: "", folder, env: null, httpPrefix: null };
  return [root, ...mounts(definition, root, env)];
}

/** The folders of an app and its components, each once. */
export function foldersOf(folder: string, definition: Definition | null): string[] {
  return [...new Set(allMounts(folder, definition, {}).map((mount) => mount.folder))];
}

/** Loads an app and its components. */
export function loadComponents(
  { folder, definition, modules }: BundledFunctions,
  env: Record<string, string | undefined>,
): Map<string, Component> {
  const all = allMounts(folder, loadDefinition(definition), env);
  // Last, because stack traces use the source map of the last bundle with a name.
  const loaded = loadBundle(modules) as Record<string, ModuleMap>;
  return new Map(
    all.map((mount) => {
      const { path, env: bound, httpPrefix } = mount;
      const own = loaded[mount.folder] ?? {};
      return [path, { path, modules: own, schema: schemaOf(own), env: bound, httpPrefix }];
    }),
  );
}
