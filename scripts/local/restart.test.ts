import {
  cpSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEngine } from "./engine.ts";
import { askRunningServer } from "./http/admin.ts";
import { nextRun } from "./scheduler/cronTimes.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
let folder: string;
let functions: string;
let data: string;

beforeAll(() => {
  // Inside the repository, so that the copied functions folder can resolve its packages.
  folder = mkdtempSync(join(here, ".restart-"));
  functions = join(folder, "functions");
  data = join(folder, "local.sqlite3");
  cpSync(join(here, "fixture/functions"), functions, { recursive: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startEngine({ functions, data, env: {}, embeddings: false });

function editSchema(from: string, to: string): void {
  const path = join(functions, "schema.ts");
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe("between two starts", () => {
  test("scheduled functions are kept, and those that became due meanwhile run", async () => {
    let engine = await start();
    await engine.runFunction("jobs:schedule", { target: "note", delay: 300, name: "resumed" });
    await engine.runFunction("jobs:schedule", {
      target: "noteByAction",
      delay: 300,
      name: "by action",
    });
    await engine.stop();
    await new Promise((resolve) => setTimeout(resolve, 400));
    engine = await start();
    await engine.settle(1000);
    const ran = (await engine.runFunction("jobs:ran")) as string[];
    await engine.stop();
    expect(ran).toEqual(expect.arrayContaining(["resumed", "by action", "by action, then"]));
    expect(ran.filter((name) => name === "resumed")).toHaveLength(1);
  });

  test("a new or changed index is built over the stored documents, and other indexes are kept", async () => {
    let engine = await start();
    await engine.runFunction("values:add", { group: "z", values: [3, 1, 2] });
    await engine.runFunction("search:add", { owner: "o", text: "rebuilt words", kind: "k" });
    await engine.stop();
    engine = await start();
    expect(engine.rebuilt).toEqual([]);
    await engine.stop();
    editSchema(
      '.index("by_group_and_value", ["group", "value"])',
      '.index("by_group_and_value", ["group", "value", "rank"])',
    );
    editSchema('filterFields: ["owner", "kind"] })', 'filterFields: ["kind", "owner"] })');
    engine = await start();
    expect(engine.rebuilt).toHaveLength(2);
    expect(await engine.runFunction("values:range", { group: "z", gte: 0, order: "asc" })).toEqual([
      1, 2, 0,
    ]);
    expect(
      await engine.runFunction("search:byText", { query: "rebuilt", owner: "o", take: 5 }),
    ).toEqual(["rebuilt words"]);
    await engine.stop();
  });

  test("a schema that cannot be loaded, or is not TypeScript, is refused in one sentence", async () => {
    editSchema(
      "export default defineSchema({",
      "throw new Error('half done');\nexport default defineSchema({",
    );
    await expect(start()).rejects.toThrow("schema.ts cannot be loaded (half done): fix it");
    editSchema("throw new Error('half done');", "const = ;");
    await expect(start()).rejects.toThrow("cannot be bundled");
    editSchema("const = ;\n", "");
  });

  test("a schema that does not match the stored documents is refused in one sentence", async () => {
    editSchema("rank: v.optional(v.number())", "rank: v.optional(v.string())");
    await expect(start()).rejects.toThrow(
      /does not fit the schema: change the schema, or begin anew with --reset/,
    );
    editSchema("rank: v.optional(v.string())", "rank: v.optional(v.number())");
    await (await start()).stop();
  });
});

describe("the data file", () => {
  test("is readable only by its owner, and used by one server at a time", async () => {
    const engine = await start();
    expect(statSync(data).mode & 0o777).toBe(0o600);
    expect(statSync(`${data}.admin`).mode & 0o777).toBe(0o600);
    await expect(start()).rejects.toThrow("in use by another server");
    await engine.stop();
  });

  test("of another program is not changed", async () => {
    const other = join(folder, "other.sqlite3");
    writeFileSync(other, "not a database, but somebody's text");
    await expect(startEngine({ functions, data: other })).rejects.toThrow("cannot be read");
    expect(readFileSync(other, "utf8")).toContain("somebody's text");
  });
});

describe("the admin route", () => {
  test("runs internal functions for callers with the secret, and answers 404 to others", async () => {
    const engine = await start();
    expect(await askRunningServer(data, "people:secret", {})).toBe('"secret"');
    for (const guess of ["", "Admin guess"]) {
      const answer = await fetch(`${engine.url}/__admin/run`, {
        method: "POST",
        headers: { Authorization: guess },
        body: '{"path":"people:secret","args":{}}',
      });
      expect(answer.status).toBe(404);
    }
    await engine.stop();
    expect(await askRunningServer(data, "people:secret", {})).toBeNull();
  });
});

test("the admin file replaces a link that someone else created, and is not written through it", async () => {
  const place = join(folder, "linked.sqlite3");
  const target = join(folder, "theirs");
  writeFileSync(target, "theirs");
  symlinkSync(target, `${place}.admin`);
  const engine = await startEngine({ functions, data: place });
  expect(readFileSync(target, "utf8")).toBe("theirs");
  expect(lstatSync(`${place}.admin`).isFile()).toBe(true);
  await engine.stop();
});

describe("crons", () => {
  test("run when they are due", async () => {
    const engine = await start();
    const ticks = async () => Number(await engine.runFunction("jobs:ticks"));
    const before = await ticks();
    while ((await ticks()) < before + 2) await new Promise((resolve) => setTimeout(resolve, 50));
    await engine.stop();
  });

  const at = (text: string) => Date.parse(text);
  test.each([
    [{ type: "interval", minutes: 5 }, "2026-01-31T23:59:30Z", "2026-02-01T00:04:30Z"],
    [{ type: "hourly", minuteUTC: 5 }, "2026-01-31T23:05:00Z", "2026-02-01T00:05:00Z"],
    [{ type: "daily", hourUTC: 3, minuteUTC: 30 }, "2026-01-31T03:29:59Z", "2026-01-31T03:30:00Z"],
    [
      { type: "weekly", dayOfWeek: "monday", hourUTC: 0, minuteUTC: 0 },
      "2026-11-22T12:00:00Z",
      "2026-11-23T00:00:00Z",
    ],
    [
      { type: "monthly", day: 31, hourUTC: 0, minuteUTC: 0 },
      "2026-01-31T00:00:00Z",
      "2026-03-31T00:00:00Z",
    ],
    [
      { type: "cron", cron: "*/15 9-17 * * mon-fri" },
      "2026-11-20T17:45:00Z",
      "2026-11-23T09:00:00Z",
    ],
    [{ type: "cron", cron: "0 0 29 2 *" }, "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    // A day of the month and a day of the week mean either: Friday the 6th, then the 13th, a Friday or not.
    [{ type: "cron", cron: "0 0 13 * fri" }, "2026-02-01T00:00:00Z", "2026-02-06T00:00:00Z"],
    [{ type: "cron", cron: "0 0 13 * fri" }, "2026-04-11T00:00:00Z", "2026-04-13T00:00:00Z"],
    // A start with a step goes on to the end of the hour.
    [{ type: "cron", cron: "10/20 * * * *" }, "2026-02-01T00:00:00Z", "2026-02-01T00:10:00Z"],
    [{ type: "cron", cron: "10/20 * * * *" }, "2026-02-01T00:30:00Z", "2026-02-01T00:50:00Z"],
    [{ type: "cron", cron: "10/20 * * * *" }, "2026-02-01T00:50:00Z", "2026-02-01T01:10:00Z"],
    [{ type: "cron", cron: "30 3 * * *" }, "2026-02-01T03:30:00Z", "2026-02-02T03:30:00Z"],
    [{ type: "interval", hours: 1, seconds: 5 }, "2026-02-01T00:00:00Z", "2026-02-01T01:00:05Z"],
    [{ type: "hourly" }, "2026-02-01T00:00:00Z", "2026-02-01T00:17:00Z"],
  ] as const)("%j after %s is %s", (schedule, now, next) => {
    expect(new Date(nextRun(schedule, at(now))).toISOString()).toBe(new Date(next).toISOString());
  });
});
