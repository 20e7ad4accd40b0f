import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { StartError } from "../local/failures.ts";
import { sectionsOf, slugOf } from "../../convex/lib/docs/sections.ts";

/** A documentation page, as it is stored. */
export type Page = { slug: string; title: string; content: string; contentHash: string };

/** A page is one document of at most 1 MiB, and every search hit reads it whole. */
const PAGE_MAX_BYTES = 500_000;

/** All Markdown files under a folder as pages, by slug. Two pages of one slug, or one too large, throw. */
export function readPages(folder: string): Page[] {
  const bySlug = new Map<string, string>();
  return markdownFiles(folder).map((file) => {
    const path = relative(folder, file).split(sep).join("/");
    const page = toPage(path, readFileSync(file, "utf8"));
    const other = bySlug.get(page.slug);
    if (other !== undefined)
      throw new StartError(`${path} and ${other} have the same slug "${page.slug}"`);
    bySlug.set(page.slug, path);
    if (Buffer.byteLength(page.content) > PAGE_MAX_BYTES) {
      throw new StartError(
        `${path} is larger than ${PAGE_MAX_BYTES} bytes; cut it into several pages`,
      );
    }
    return page;
  });
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules")
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return markdownFiles(path);
      return entry.isFile() && /\.mdx?$/i.test(entry.name) ? [path] : [];
    });
}

/**
 * A file as a page. Its front matter may give `title` and `slug`; else the title is the first heading,
 * and the slug is its path (`guide/Set Up.md` → `guide/set-up`, `guide/index.md` → `guide`).
 */
export function toPage(path: string, text: string): Page {
  const { fields, body } = frontMatter(text.replace(/^\ufeff/, ""));
  const content = body.trim();
  const heading = sectionsOf(content).find((section) => section.heading !== "")?.heading;
  const slug = fields.get("slug")?.replace(/^\/+|\/+$/g, "") || slugOfPath(path);
  const title = fields.get("title") || heading || titleOfPath(path);
  const contentHash = createHash("sha256")
    .update(JSON.stringify([title, content]))
    .digest("hex");
  return { slug, title, content, contentHash };
}

/** The `key: value` lines between two lines of `---` at the very beginning; nested values are left out. */
function frontMatter(text: string): { fields: Map<string, string>; body: string } {
  const match = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text);
  const fields = new Map<string, string>();
  for (const line of match?.[1]?.split(/\r?\n/) ?? []) {
    const [, key, value] = /^([A-Za-z][\w-]*):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, unquoted(value));
  }
  return { fields, body: match ? text.slice(match[0].length) : text };
}

function unquoted(value: string): string {
  const match = /^"(.*)"$|^'(.*)'$/.exec(value);
  return match ? (match[1]?.replace(/\\"/g, '"') ?? match[2]?.replace(/''/g, "'") ?? "") : value;
}

function slugOfPath(path: string): string {
  const segments = path.replace(/\.mdx?$/i, "").split("/");
  const last = segments[segments.length - 1] ?? "";
  if (/^(index|readme)$/i.test(last) && segments.length > 1) segments.pop();
  return segments.map(slugOf).join("/");
}

function titleOfPath(path: string): string {
  const name =
    path
      .replace(/\.mdx?$/i, "")
      .split("/")
      .pop() ?? path;
  const words = name.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
