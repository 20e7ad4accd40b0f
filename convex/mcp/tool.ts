import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import type { ActionCtx } from "../_generated/server";
import { readAppError } from "../errors";
import type { Caller } from "../wire/caller";
import { quotedLabel } from "./text";

/** What a tool works with: the caller whose sessions it reads, and the time of the request. */
export type ToolCall = { ctx: ActionCtx; caller: Caller; now: number };

/** A tool that was declared, ready to be offered by a server. */
export type Tool = (server: McpServer, call: ToolCall) => void;

type Declaration<Input extends z.ZodObject> = {
  name: string;
  title: string;
  /** When a model should call it, and when not. */
  description: string;
  input: Input;
  /** Returns the answer as text. */
  run: (call: ToolCall, args: z.output<Input>) => Promise<string>;
  /** What to do when the call fails because something was not found. */
  hint?: string;
};

const READ_ONLY = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

/** Declares a read-only tool. An expected failure becomes an error result that says what to do. */
export function tool<Input extends z.ZodObject>(declaration: Declaration<Input>): Tool {
  const { name, title, description, input, run, hint } = declaration;
  return (server, call) => {
    const answer = async (args: z.output<Input>) => {
      try {
        return { content: [{ type: "text" as const, text: await run(call, args) }] };
      } catch (error) {
        return { content: [{ type: "text" as const, text: failure(error, hint) }], isError: true };
      }
    };
    const inputSchema = strictly(input);
    const config = { title, description, inputSchema, annotations: READ_ONLY };
    server.registerTool<z.ZodObject, z.ZodObject>(name, config, (args) =>
      answer(args as z.output<Input>),
    );
  };
}

/**
 * The arguments of a tool and no others: a filter under a name that the tool does not have would be
 * missing, and its absence would not show in the answer.
 */
function strictly({ shape }: z.ZodObject): z.ZodObject {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `no argument is named ${quotedLabel(issue.keys.join(", "))}; this tool takes ${Object.keys(shape).join(", ")}`
        : undefined,
  });
}

/** The text of a failure: what was wrong, and what to do. Nothing internal leaves. */
export function failure(error: unknown, hint = ""): string {
  const known = readAppError(error);
  if (known === null) {
    console.error("An MCP tool failed", error);
    return "Internal error. Try again once; if it stays so, go on without past sessions.";
  }
  const details = known.details?.map(({ path, message }) => `${path} ${message}`) ?? [];
  const what = [known.message, ...details].join("; ");
  return known.code === "NOT_FOUND" ? `${what}. ${hint}`.trim() : what;
}
