import { dirname } from "node:path";
import { StartError } from "../failures.ts";
import type { Exportable } from "../store/schema.ts";
import {
  loadDefinition,
  loadModules,
  type BundleOptions,
  type Definition,
  type ModuleMap,
} from "./bundle.ts";

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

/** Loads the app in a folder and every component it uses, from `convex.config.ts`. */
export async function loadComponents(
  folder: string,
  env: Record<string, string | undefined>,
  { sourceMaps = true }: Partial<BundleOptions>,
): Promise<Map<string, Component>> {
  const options = { sourceMaps };
  const root: Mount = { path: "", folder, env: null, httpPrefix: null };
  const all = [root, ...mounts(await loadDefinition(folder, options), root, env)];
  const folders = [...new Set(all.map((mount) => mount.folder))];
  const bundled = await loadModules(folders, options);
  return new Map(
    all.map((mount) => {
      const modules = bundled.get(mount.folder) ?? {};
      const { path, env: bound, httpPrefix } = mount;
      return [path, { path, modules, schema: schemaOf(modules), env: bound, httpPrefix }];
    }),
  );
}
