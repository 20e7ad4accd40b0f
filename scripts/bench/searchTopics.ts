import { readFileSync } from "node:fs";

/**
 * What the labelled sessions of the search benchmark are about. One topic is one session; a block is
 *
 *   project | title
 *   what the user asked
 *   what the assistant found (holds the identifier and the error)
 *   identifier | an error as somebody would paste it | a question in other words | a word said once, late
 *
 * with an empty line between blocks.
 */
const BLOCKS = readFileSync(new URL("./searchTopics.txt", import.meta.url), "utf8");

/** The topic from which one labelled session is generated. */
export type Topic = {
  project: string;
  title: string;
  question: string;
  answer: string;
  identifier: string;
  error: string;
  paraphrase: string;
  rareWord: string;
};

/** The topics of the benchmark. */
export const topics: readonly Topic[] = BLOCKS.trim().split("\n\n").map(toTopic);

function toTopic(block: string): Topic {
  const [head = "", question = "", answer = "", queries = ""] = block.split("\n");
  const [project = "", title = ""] = head.split(" | ");
  const [identifier = "", error = "", paraphrase = "", rareWord = ""] = queries.split(" | ");
  return { project, title, question, answer, identifier, error, paraphrase, rareWord };
}
