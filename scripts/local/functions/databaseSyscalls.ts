import { convexToJson } from "convex/values";
import { paginate, type PageRequest } from "../transaction/paginate.ts";
import { Scan, type QueryTarget, type SerializedQuery } from "../transaction/queries.ts";
import { insert, locate, patch, remove, replace } from "../transaction/writes.ts";
import { text, type JsonObject } from "../values/json.ts";
import type { Call } from "./context.ts";
import type { AsyncSyscall, SyncSyscall } from "./syscallTypes.ts";

/** Returns the tables a call can access: those of its component, in its transaction. */
function target(call: Call): QueryTarget {
  const { transaction, component } = call;
  const { catalog, documents } = call.engine;
  if (transaction === null) throw new Error("The database is not available in actions");
  return { catalog, documents, component, transaction };
}

function writable(call: Call): QueryTarget {
  if (call.type !== "mutation") throw new Error("Only mutations can write to the database");
  return target(call);
}

function tableName(args: JsonObject): string | undefined {
  const { table } = args;
  return typeof table === "string" ? table : undefined;
}

function query(args: JsonObject): SerializedQuery {
  return args["query"] as unknown as SerializedQuery;
}

/**
 * Reads a page. When a subscribed query runs again, its page ends where it ended the first time, so that pages
 * stay adjacent while documents are inserted and deleted.
 */
function page(call: Call, request: PageRequest): string {
  const journal = call.depth === 0 ? call.transaction?.observed?.journal : undefined;
  const endCursor = request.endCursor ?? journal?.previous ?? null;
  const { json, end } = paginate(target(call), { ...request, endCursor });
  if (journal !== undefined) journal.next = end;
  return json;
}

/** The text of a new document's fields in the arguments of `insert`, which need not be printed again. */
function textOfValue(json: string, table: string): string | undefined {
  const before = `{"table":${JSON.stringify(table)},"value":`;
  return json.startsWith(before) ? json.slice(before.length, -1) : undefined;
}

let lastQueryId = 0;

export const databaseSyncSyscalls: Record<string, SyncSyscall> = {
  "1.0/queryStream": (call, args) => {
    const queryId = ++lastQueryId;
    call.scans.set(queryId, new Scan(target(call), query(args)));
    return JSON.stringify({ queryId });
  },
  "1.0/queryCleanup": (call, args) => {
    call.scans.delete(Number(args["queryId"]));
    return "{}";
  },
  "1.0/db/normalizeId": (call, args) => {
    const id = text(args["idString"]);
    const isOfTable = call.engine.catalog.isIdOf(call.component, text(args["table"]), id);
    return JSON.stringify({ id: isOfTable ? id : null });
  },
  "1.0/getSnapshotTs": (call) => {
    const { transaction } = target(call);
    transaction.uses.chance = true;
    return JSON.stringify(convexToJson(transaction.timestamp));
  },
};

export const databaseSyscalls: Record<string, AsyncSyscall> = {
  "1.0/get": (call, args) => {
    const id = text(args["id"]);
    const { table, stored } = locate(target(call), id, tableName(args), "get");
    const isSystem = args["isSystem"] === true;
    if (table.name.startsWith("_") !== isSystem)
      throw new Error(
        `${isSystem ? "User" : "System"} tables can only be accessed from db.${isSystem ? "" : "system."}get().`,
      );
    return stored?.json ?? "null";
  },
  "1.0/queryStreamNext": (call, args) => {
    const scan = call.scans.get(Number(args["queryId"]));
    if (scan === undefined) throw new Error("Query is not running");
    const json = scan.next();
    return json === undefined ? '{"value":null,"done":true}' : `{"value":${json},"done":false}`;
  },
  "1.0/queryPage": (call, args) => {
    if (call.paginated)
      throw new Error(
        "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
      );
    call.paginated = true;
    return page(call, args as unknown as PageRequest);
  },
  "1.0/count": (call, args) => {
    const source = { type: "FullTableScan", tableName: text(args["table"]), order: "asc" } as const;
    const scan = new Scan(target(call), { source, operators: [] });
    let count = 0;
    while (scan.next() !== undefined) count++;
    return JSON.stringify(count);
  },
  "1.0/insert": (call, args, json) => {
    const table = text(args["table"]);
    const value = args["value"] ?? null;
    const fields = { value, json: textOfValue(json, table) ?? JSON.stringify(value) };
    return JSON.stringify({ _id: insert(writable(call), table, fields) });
  },
  "1.0/shallowMerge": (call, args) => {
    patch(writable(call), text(args["id"]), tableName(args), args["value"] ?? null);
    return "{}";
  },
  "1.0/replace": (call, args) => {
    replace(writable(call), text(args["id"]), tableName(args), args["value"] ?? null);
    return "{}";
  },
  "1.0/remove": (call, args) => {
    remove(writable(call), text(args["id"]), tableName(args));
    return "{}";
  },
  "1.0/getTransactionMetrics": (call) => JSON.stringify(target(call).transaction.account.metrics()),
};
