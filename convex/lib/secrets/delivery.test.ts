import { expect, test } from "vitest";
import { parsePart, storedForm, type StoredPart } from "../sessions/parts";
import { examineMessage } from "./delivery";

const KEY = "ghp_" + "a1B2".repeat(9);
const FILLER = 'lorem ipsum 漢字 \\ " 🎉\n'.repeat(60_000);

/** What a message with this part stores of it, and how many secrets were counted. */
function masked(part: StoredPart) {
  const parts = [storedForm({ type: "text", content: `first ${KEY}` }), storedForm(part)];
  const secrets = examineMessage({ sessionExternalId: "s", externalId: "m", parts }, true);
  return { parts: parts.map(parsePart), secrets };
}

test("a part is masked in the same way whatever its length and form", () => {
  const content = (filler: string) => ({
    toolName: "Bash",
    args: {
      command: `${filler}curl -u ada:${KEY} ${filler}`,
      password: "kT7#mQ2!xW9z",
      n: [1e21, null],
    },
    "": { __proto__: null, list: [filler, "--token", "kT7mQ2xW9zR4bN8v"] },
  });
  const forms: ((filler: string) => StoredPart)[] = [
    (filler) => ({ type: "tool-call", content: content(filler) }),
    (filler) => ({ type: "tool-call", content: content(filler), extra: { api_key: KEY } }),
    (filler) => ({ type: "text", content: `${filler}${KEY}`, extra: KEY }),
  ];
  for (const form of forms) {
    const [long, short] = [masked(form(FILLER)), masked(form("FILLER "))];
    expect(long.secrets).toEqual(short.secrets);
    expect(JSON.stringify(long.parts)).not.toContain(KEY);
    const filler = JSON.stringify(FILLER).slice(1, -1);
    const shortened = JSON.stringify(long.parts).split(filler).join("FILLER ");
    expect(JSON.parse(shortened)).toEqual(short.parts);
  }
});

test("a long part without secrets stays as it is", () => {
  const part: StoredPart = { type: "tool-result", content: { output: [FILLER, "\ud800"] }, id: 7 };
  const before = storedForm(part);
  const parts = [before];
  expect(examineMessage({ sessionExternalId: "s", externalId: "m", parts }, true)).toBeUndefined();
  expect(parts).toEqual([before]);
});

test("a message's secrets are counted once and masked twice if a part repeats its text, wherever that part is", () => {
  const text = `use ${KEY} here`;
  const same = storedForm({ type: "text", content: text });
  const other = storedForm({ type: "text", content: "nothing" });
  const likeText = storedForm({ type: "tool-result", content: text, id: 1 });
  const ids = { sessionExternalId: "s", externalId: "m" };
  for (const parts of [[same], [other, same], [likeText, same], [same, same], [other], []]) {
    const message = { ...ids, textContent: text, parts: [...parts] };
    const secrets = examineMessage(message, true);
    expect(message.textContent).toBe("use [redacted:github-token] here");
    expect(JSON.stringify(message.parts)).not.toContain(KEY);
    const counts = [...(secrets?.text ?? []), ...(secrets?.parts ?? [])];
    expect(counts).toEqual([{ kind: "github-token", count: 1 }]);
  }
});
