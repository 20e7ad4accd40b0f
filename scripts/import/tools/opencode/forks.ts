import { fieldsIn, type JsonObject } from "../../json.ts";

/** Which session another one was forked from. Version 1 keeps no pointer: titles and copied answers tell it. */

const FORKED = /^(.*) \(fork #(\d+)\)$/s;

/** What tells which session another one was forked from. */
export type Forkable = { id: string; title?: string; created: number };

/**
 * The sessions that one may have been forked from, the likeliest first: version 1 keeps no pointer, but numbers the
 * title of a fork after that of its parent. Empty for a session that is no fork.
 */
function forkCandidates(fork: Forkable, all: readonly Forkable[]): Forkable[] {
  const [, base, number] = FORKED.exec(fork.title ?? "") ?? [];
  if (base === undefined) return [];
  const before = Number(number) > 1 ? `${base} (fork #${Number(number) - 1})` : base;
  const titleOf = ({ title = "" }: Forkable) => FORKED.exec(title)?.[1] ?? title;
  const older = all.filter(
    (one) => one.id !== fork.id && one.created < fork.created && titleOf(one) === base,
  );
  const distance = ({ title }: Forkable) => (title === before ? 0 : title === base ? 1 : 2);
  return older.sort((a, b) => distance(a) - distance(b) || b.created - a.created);
}

/** Parents that were found, because looking for one reads its messages. */
const parents = new Map<string, string>();

/**
 * The session that this one was forked from: the candidate that holds its first answer, or the likeliest by title
 * where none does. `answersOf` reads the keys of a session's answers, `store` tells equal ids of two stores apart.
 */
export async function forkParent(
  store: string,
  fork: Forkable,
  all: readonly Forkable[],
  answersOf: (id: string) => Promise<string[]>,
): Promise<string | undefined> {
  const place = `${store} ${fork.id}`;
  const known = parents.get(place);
  if (known !== undefined) return known;
  const candidates = forkCandidates(fork, all);
  const [wanted] = candidates.length > 1 ? await answersOf(fork.id) : [];
  let parent: string | undefined;
  for (const { id } of candidates) {
    if (wanted === undefined || parent !== undefined) break;
    if ((await answersOf(id)).includes(wanted)) parent = id;
  }
  parent ??= candidates[0]?.id;
  if (parent !== undefined) parents.set(place, parent);
  return parent;
}

/** Equal for an answer and its copies in forks, which have other ids. */
export function answerKey(message: JsonObject): string | undefined {
  if (message.role !== "assistant") return undefined;
  const { modelID, tokens } = message;
  return JSON.stringify([fieldsIn(message, "time").created, modelID, tokens]);
}
