import { parseJson } from "../values/json.ts";
import { readValidator, type ValidatorJson } from "../values/validate.ts";
import type { Component } from "./components.ts";

export type FunctionType = "query" | "mutation" | "action" | "httpAction";

/** Identifies a function: the component's path and `module:name`. */
export interface FunctionPath {
  component: string;
  path: string;
}

/** A function as the builders of `convex/server` register it. */
interface Registered {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isPublic?: boolean;
  invokeQuery?(args: string): Promise<string>;
  invokeMutation?(args: string): Promise<string>;
  invokeAction?(requestId: string, args: string): Promise<string>;
  exportArgs?(): string;
  exportReturns?(): string;
}

export interface ResolvedFunction extends FunctionPath {
  type: Exclude<FunctionType, "httpAction">;
  isPublic: boolean;
  args: ValidatorJson;
  returns: ValidatorJson | null;
  /** Run the handler with the JSON of its argument list; resolves to the JSON of its result. */
  invoke(args: string, requestId: string): Promise<string>;
}

/** A function address in a syscall: a name, a reference into a child component, or a handle. */
interface FunctionAddress {
  name?: string;
  reference?: string;
  functionHandle?: string;
}

const HANDLE = "function://";
const CHILD = "_reference/childComponent/";

/** Normalises a path: "dir/file.js:name" to "dir/file:name", and "dir/file" to "dir/file:default". */
function canonical(path: string): string {
  const [module = "", name = "default"] = path.split(":");
  return `${module.replace(/\.[jt]s$/, "")}:${name}`;
}

/** Resolves an address, relative to the given component, to a function's path. */
export function resolveAddress(from: string, address: FunctionAddress): FunctionPath {
  const { name, reference, functionHandle } = address;
  if (functionHandle !== undefined) {
    const [component = "", path = ""] = functionHandle.slice(HANDLE.length).split(";");
    return { component, path };
  }
  if (name !== undefined) return { component: from, path: canonical(name) };
  if (reference?.startsWith(CHILD) !== true) throw new Error("Unknown kind of function reference");
  const [child = "", ...parts] = reference.slice(CHILD.length).split("/");
  const module = parts.slice(0, -1).join("/");
  return {
    component: from === "" ? child : `${from}/${child}`,
    path: `${module}:${parts.at(-1) ?? ""}`,
  };
}

export function functionHandle({ component, path }: FunctionPath): string {
  return `${HANDLE}${component};${path}`;
}

/** A call to a function that does not exist. Clients get this message, and never a list of functions. */
export class NotFoundError extends Error {
  override name = "NotFoundError";
}

function typeOf(registered: Registered): ResolvedFunction["type"] | null {
  if (registered.isQuery === true) return "query";
  if (registered.isMutation === true) return "mutation";
  return registered.isAction === true ? "action" : null;
}

function isRegistered(value: unknown): value is Registered {
  return typeof value === "function" && "exportArgs" in value;
}

/** Reads an own property by a name that may come from a request; ignores inherited ones. */
function own<T>(object: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The functions of the app and its components; a module is evaluated on its first call. */
export class Registry {
  readonly #components: Map<string, Component>;
  readonly #resolved = new Map<string, ResolvedFunction>();

  constructor(components: Map<string, Component>) {
    this.#components = components;
  }

  component(path: string): Component {
    const component = this.#components.get(path);
    if (component === undefined) throw new NotFoundError(`Component "${path}" is not installed`);
    return component;
  }

  get components(): Iterable<Component> {
    return this.#components.values();
  }

  resolve(where: FunctionPath): ResolvedFunction {
    const key = functionHandle(where);
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const [module = "", name = ""] = where.path.split(":");
    const load = own(this.component(where.component).modules, module);
    const registered = own(load?.() ?? {}, name);
    const type = isRegistered(registered) ? typeOf(registered) : null;
    if (!isRegistered(registered) || type === null)
      throw new NotFoundError(`Could not find public function for '${where.path}'.`);
    const resolved = describe(where, registered, type);
    this.#resolved.set(key, resolved);
    return resolved;
  }

  /** Finds a public function of the app with this type. Throws the same error whether it is missing or internal. */
  resolvePublic(path: string, type: ResolvedFunction["type"]): ResolvedFunction {
    try {
      const fn = this.resolve(resolveAddress("", { name: path }));
      if (fn.isPublic && fn.type === type) return fn;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    throw new NotFoundError(
      `Could not find public function for '${path}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
    );
  }
}

function describe(
  where: FunctionPath,
  registered: Registered,
  type: ResolvedFunction["type"],
): ResolvedFunction {
  const returns = parseJson<ValidatorJson | null>(registered.exportReturns?.() ?? "null");
  return {
    ...where,
    type,
    isPublic: registered.isPublic === true,
    args: readValidator(parseJson(registered.exportArgs?.() ?? '{"type":"any"}')),
    returns: returns === null ? null : readValidator(returns),
    invoke: async (args, requestId) => {
      const result =
        (await registered.invokeQuery?.(args)) ??
        (await registered.invokeMutation?.(args)) ??
        (await registered.invokeAction?.(requestId, args));
      return result ?? "null";
    },
  };
}
