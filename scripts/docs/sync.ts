import type { JSONValue } from "convex/values";
import type { Page } from "./pages.ts";

/** Runs an internal function of a deployment, by `module:name`. */
export type RunFunction = (path: string, args: { [name: string]: JSONValue }) => Promise<unknown>;

/** Bytes of pages that one call carries: the command line takes 128 kB. */
const CALL_MAX_BYTES = 100_000;

type SyncedDocs = { written: number; removed: number; unchanged: number };

/** Makes a deployment's pages those of a folder: writes what differs, removes what is gone. */
export async function syncPages(pages: readonly Page[], run: RunFunction): Promise<SyncedDocs> {
  const stored = await storedHashes(run);
  const changed = pages.filter((page) => stored.get(page.slug) !== page.contentHash);
  for (const group of grouped(changed)) await run("docs:upsertPages", { pages: group });
  const slugs = new Set(pages.map((page) => page.slug));
  const gone = [...stored.keys()].filter((slug) => !slugs.has(slug));
  if (gone.length > 0) await run("docs:removePages", { slugs: gone });
  const unchanged = pages.length - changed.length;
  return { written: changed.length, removed: gone.length, unchanged };
}

async function storedHashes(run: RunFunction): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (let after: string | null = ""; after !== null;) {
    const page = (await run("docs:listHashes", { after })) as {
      pages: { slug: string; contentHash: string }[];
      next: string | null;
    };
    for (const { slug, contentHash } of page.pages) hashes.set(slug, contentHash);
    after = page.next;
  }
  return hashes;
}

function grouped(pages: readonly Page[]): Page[][] {
  const groups: Page[][] = [];
  let bytes = Infinity;
  for (const page of pages) {
    const size = Buffer.byteLength(JSON.stringify(page));
    if (bytes + size > CALL_MAX_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups[groups.length - 1]?.push(page);
    bytes += size;
  }
  return groups;
}
