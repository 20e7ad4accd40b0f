import { expect, test, vi } from "vitest";
import { internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import { deployment, eachTestAt, loseScheduled, rows, type Deployment } from "../test.setup";

/** Documentation pages: their list is read in pages, and their vectors are those of what they say now. */

eachTestAt(Date.UTC(2026, 0, 22, 12));

async function pageOf(slug: string, content: string) {
  return { slug, title: `Page ${slug}`, content, contentHash: await sha256(content) };
}

async function write(t: Deployment, slug: string, content: string) {
  const page = await pageOf(slug, content);
  await t.mutation(internal.docs.upsertPages, { pages: [page] });
  const stored = (await rows(t, "docPages")).find((one) => one.slug === slug);
  return { ...page, docPageId: stored?._id ?? expect.fail() };
}

const embedding = Array.from({ length: 1_536 }, () => 0.1);

test("the list of pages comes in bounded pages, which name each page once", async () => {
  const t = deployment();
  const slugs = Array.from({ length: 10 }, (_, n) => `page-${n}`);
  for (const slug of slugs) await write(t, slug, slug.padEnd(490_000, " x"));
  const listed: string[][] = [];
  for (let after: string | null = ""; after !== null && listed.length < 10;) {
    const found: { pages: { slug: string }[]; next: string | null } = await t.query(
      internal.docs.listHashes,
      { after },
    );
    listed.push(found.pages.map(({ slug }) => slug));
    after = found.next;
  }
  expect(listed.length).toBeGreaterThanOrEqual(2);
  expect(listed.flat()).toEqual(slugs);
});

test("a page that changes loses its vectors, and takes none that were made of what it said before", async () => {
  vi.stubEnv("OPENAI_API_KEY", "test");
  const t = deployment();
  const first = await write(t, "a", "how to deploy");
  const chunks = [{ text: "how to deploy", embedding }];
  const { docPageId, contentHash } = first;
  const store = () =>
    t.mutation(internal.docs.storeVectors, { vectors: { docPageId, contentHash, chunks } });
  await store();
  expect(await rows(t, "docEmbeddings")).toHaveLength(1);
  await write(t, "a", "how to update");
  expect(await rows(t, "docEmbeddings")).toEqual([]);
  await store();
  expect(await rows(t, "docEmbeddings")).toEqual([]);
  await loseScheduled(t);
});

test("a page whose sections are all near comes once, with the nearest of them", async () => {
  const t = deployment();
  const { docPageId, contentHash } = await write(t, "a", "# One\n\nfirst\n\n# Two\n\nsecond");
  const other = await write(t, "b", "# Three\n\nthird");
  const store = (page: typeof other, texts: string[]) => {
    const chunks = texts.map((text) => ({ text, embedding }));
    const { docPageId: id, contentHash: hash } = page;
    const vectors = { docPageId: id, contentHash: hash, chunks };
    return t.mutation(internal.docs.storeVectors, { vectors });
  };
  await store({ ...other, docPageId, contentHash }, ["first", "second"]);
  await store(other, ["third"]);
  const hits = (await rows(t, "docEmbeddings")).map(({ _id }, n) => ({
    _id,
    _score: 0.9 - n / 10,
  }));
  const found = await t.query(internal.docs.hydrate, { hits, query: "x", limit: 5 });
  expect(found.map(({ slug, heading }) => [slug, heading])).toEqual([
    ["a", "One"],
    ["b", "Three"],
  ]);
});
