import { expect, test } from "vitest";
import { sectionsOf } from "./sections";

const anchors = (markdown: string) => sectionsOf(markdown).map((section) => section.anchor);

test("a page is split at its headings, each with its text", () => {
  expect(sectionsOf("intro\n\n# Set up\n\nrun it\n\n## Next `step` #\nmore")).toEqual([
    { heading: "", anchor: "", text: "intro" },
    { heading: "Set up", anchor: "set-up", text: "# Set up\n\nrun it" },
    { heading: "Next step", anchor: "next-step", text: "## Next `step` #\nmore" },
  ]);
});

test("heading-like lines inside a fence are code", () => {
  expect(anchors("# A\n```sh\n# not a heading\n```\n~~~\n# nor this\n~~~\n# B")).toEqual([
    "a",
    "b",
  ]);
});

test("repeated headings get distinct anchors, and links are read as their text", () => {
  expect(anchors("# Usage\n# Usage\n# [Docs](x) & more!")).toEqual([
    "usage",
    "usage-1",
    "docs--more",
  ]);
});

test("an empty page has no sections", () => {
  expect(sectionsOf(" \n\n")).toEqual([]);
});
