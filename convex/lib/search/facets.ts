/** Counts the sessions that a search found, by what people narrow a search down with. Pure. */

/** What facets count of a session. */
export type FacetSession = { id: string; project?: string; source: string; models: string[] };

type Facet = { value: string; count: number };
export type Facets = { project: Facet[]; source: Facet[]; model: Facet[] };

/** The most values of a facet. */
const VALUES_MAX = 20;

/** The facets of sessions, each counted once; the most frequent values first. */
export function facetsOf(sessions: readonly FacetSession[]): Facets {
  const once = [...new Map(sessions.map((session) => [session.id, session])).values()];
  return {
    project: count(once.flatMap(({ project }) => project ?? [])),
    source: count(once.map(({ source }) => source)),
    model: count(once.flatMap(({ models }) => models)),
  };
}

function count(values: readonly string[]): Facet[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Array.from(counts, ([value, n]) => ({ value, count: n }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, VALUES_MAX);
}
