import { beforeEach, expect, test, vi } from "vitest";
import { ERROR_STATUS } from "../errors";
import { deployment, eachTestAt, person, read } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import apiDocs from "../../docs/api.md?raw";

eachTestAt(Date.UTC(2026, 0, 22, 12));

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

const messageOf = async (answer: Response | Promise<Response>) =>
  (await read<{ message: string }>(answer)).message;

test("an unknown path is answered with the nearest one", async () => {
  const message = await messageOf(ada.get("/api/session"));
  expect(message).toContain("Did you mean /api/sessions?");
  expect(await messageOf(ada.get("/zzzzzz/qqqqqq"))).toContain("/openapi.json lists all");
});

test("a wrong method is answered with the right ones", async () => {
  const answer = await ada.send("PUT", "/api/search", {});
  expect([answer.status, await messageOf(answer)]).toEqual([
    405,
    expect.stringContaining("/api/search takes POST, GET"),
  ]);
});

test("a limit that is used up is named, with the time to wait", async () => {
  vi.stubEnv("RATE_LIMIT_SEARCH", "1");
  await ada.get("/api/search?q=x");
  const answer = await ada.get("/api/search?q=x");
  expect(answer.status).toBe(429);
  expect(await messageOf(answer)).toBe("1 searches a minute are used up; try again in 60 s");
});

test("a wrong key is answered with where keys come from", async () => {
  const headers = { Authorization: "Bearer osk_wrong" };
  const message = await messageOf(t.fetch("/api/sessions", { headers }));
  expect(message).toContain("Keys start with `osk_`; make one with `npm run key`");
});

test("docs/api.md says of every code what it means and what to do", () => {
  for (const [code, status] of Object.entries(ERROR_STATUS)) {
    const row = apiDocs.split("\n").find((line) => line.startsWith(`| \`${code}\``)) ?? "";
    const [, , documented = "", meaning = "", action = ""] = row
      .split("|")
      .map((one) => one.trim());
    expect([code, documented]).toEqual([code, String(status)]);
    expect([code, meaning.length > 10, action.length > 5]).toEqual([code, true, true]);
  }
});
