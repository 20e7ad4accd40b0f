import nunjucks from "nunjucks";
import { expect, test } from "vitest";
import { conversation, deployment, eachTestAt, person, settle } from "../test.setup";

/**
 * Runs of exported cases, by the rules of promptfoo 0.123.1 (`evaluator.ts`, `assertions/`), which cannot be installed
 * here: a case with a `providerOutput` that is not empty is graded without a call, any other is a call with the
 * rendered prompt; a case passes if all its assertions do.
 */

eachTestAt(Date.UTC(2026, 10, 28, 12));

type Case = {
  vars: { [name: string]: string };
  providerOutput?: string;
  assert?: { type: string; value: string; threshold?: number }[];
  metadata: { session_id: string };
};

const templates = new nunjucks.Environment(null, { autoescape: false });
const PROMPT = "{{history}} {{input}}";

/** The provider `echo`, and a grader that accepts an answer which contains the expected one. */
function run(cases: readonly Case[]) {
  const calls = { provider: 0, grader: 0 };
  const passed = cases.filter(({ vars, providerOutput, assert = [] }) => {
    const values = Object.fromEntries(
      Object.entries(vars).map(([name, value]) => [name, templates.renderString(value, {})]),
    );
    const isRecorded = Boolean(providerOutput);
    if (!isRecorded) calls.provider++;
    const output = isRecorded ? (providerOutput ?? "") : templates.renderString(PROMPT, values);
    return assert.every(({ type, value, threshold = 0.75 }) => {
      const expected = templates.renderString(value, {});
      switch (type) {
        case "icontains":
          return output.toLowerCase().includes(expected.toLowerCase());
        case "rouge-n":
          return rouge(output, expected) >= threshold;
        case "llm-rubric":
          calls.grader++;
          return output.includes(expected.split("\n\n").pop() ?? "");
        default:
          throw new Error(`Unknown assertion ${type}`);
      }
    });
  });
  return { ...calls, cases: cases.length, passed: passed.length };
}

/** The share of the expected words that an answer has (`rouge-n` with n = 1). */
function rouge(answer: string, expected: string): number {
  const words = (text: string): string[] => text.toLowerCase().match(/\w+/g) ?? [];
  const wanted = words(expected);
  const left = words(answer);
  const found = wanted.filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return found.length / wanted.length;
}

const LONG = "Use a queue with bounded retries.\nEach retry waits twice as long as the one before.";

/** Sessions with two questions each, the first of one without an answer. */
async function setUp() {
  const t = deployment();
  const ada = await person(t);
  const said = ["Which port?", "It is 8080.", "And the host {{ x }}?", "It is localhost."];
  const reviews: { [id: string]: object } = {
    golden: { evalStatus: "golden" },
    expected: { evalStatus: "correct", expectedOutput: "LOCALHOST" },
    long: { expectedOutput: LONG },
    wrong: { evalStatus: "incorrect", expectedOutput: "example.com" },
    unlabelled: {},
    silent: {},
  };
  for (const [id, review] of Object.entries(reviews)) {
    const answers = id === "long" ? [...said.slice(0, 3), `As agreed: ${LONG}`] : said;
    await ada.post("/sync/batch", conversation(id, id === "silent" ? ["No answer?"] : answers));
    await ada.send("PATCH", `/api/sessions/${id}`, { evalReady: true, ...review });
  }
  await settle(t);
  return async (mode: string) => {
    const text = await (await ada.get(`/api/export?format=promptfoo&mode=${mode}`)).text();
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Case);
  };
}

test("replay calls no provider, and fails only where the reviewer expected something else", async () => {
  const cases = await (await setUp())("replay");
  expect(run(cases)).toEqual({ provider: 0, grader: 0, cases: 10, passed: 9 });
  const failed = cases.filter((one) => run([one]).passed === 0);
  expect(failed.map(({ metadata }) => metadata.session_id)).toEqual(["wrong"]);
});

test("eval calls the provider once a case, and passes answers as good as the expected one", async () => {
  const cases = await (await setUp())("eval");
  // `echo` answers with the question, which holds no expected answer; cases without one pass.
  expect(run(cases)).toEqual({ provider: 11, grader: 6, cases: 11, passed: 5 });
  const good = cases.map((one) => ({
    ...one,
    providerOutput: `It is localhost. It is 8080. LOCALHOST, example.com. ${LONG}`,
  }));
  const graded = run(good.filter(({ assert }) => assert !== undefined));
  expect(graded).toEqual({ provider: 0, grader: 6, cases: 6, passed: 6 });
});

test("a golden answer is never checked against itself", async () => {
  const exported = await setUp();
  const golden = ({ metadata }: Case) => metadata.session_id === "golden";
  const replayed = (await exported("replay")).filter(golden);
  expect(replayed.map(({ assert }) => assert)).toEqual([undefined, undefined]);
  const asked = (await exported("eval")).filter(golden);
  expect(asked.map(({ providerOutput }) => providerOutput)).toEqual([undefined, undefined]);
  // The same cases grade any other answer: a bad one fails.
  expect(run(asked.map((one) => ({ ...one, providerOutput: "No idea." })))).toMatchObject({
    cases: 2,
    passed: 0,
  });
});
