import MarkdownIt, { type StateBlock, type Token } from "markdown-it";

/**
 * Parses Markdown with markdown-it, which is linear on the patterns that make other parsers
 * quadratic. The bounds below hold even where it is not.
 */

/** The deepest nesting of quotes and lists (a list takes two levels); deeper text is shown as it is. */
const DEPTH_MAX = 20;
/**
 * A paragraph, heading or cell beyond these bounds is shown as plain text, because the cost grows
 * with both.
 */
const INLINE_MAX_CHARS = 20_000;
const INLINE_MAX_MARKS = 2_000;
/** Longer addresses are not links, because one definition may be used by a thousand references. */
const ADDRESS_MAX_CHARS = 2_000;

/** Characters that may start or end markup inside a paragraph. */
const MARKS = /[*_~`[\]<>!&\\@:]/g;

const parser = new MarkdownIt({ html: false, linkify: true, maxNesting: 2 * DEPTH_MAX });

// The writer decides which addresses become links; here only the length matters.
parser.validateLink = (address) => address.length <= ADDRESS_MAX_CHARS;

// Only `https://…` becomes a link automatically, because `README.md` is a file and not a site.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

parser.block.ruler.before("table", "too_deep", tooDeep);

parser.core.ruler.at("inline", (state) => {
  for (const token of state.tokens) {
    if (token.type !== "inline") continue;
    const { content } = token;
    if (isPlain(content)) {
      const text = new state.Token("text", "", 0);
      text.content = content;
      token.children = [text];
    } else {
      token.children ??= [];
      state.md.inline.parse(content, state.md, state.env, token.children);
    }
  }
});

/** The tokens of a text: blocks in order, `inline` ones with their children. */
export function parseMarkdown(text: string): Token[] {
  return parser.parse(text, {});
}

function isPlain(content: string): boolean {
  if (content.length > INLINE_MAX_CHARS) return true;
  return (content.match(MARKS)?.length ?? 0) > INLINE_MAX_MARKS;
}

/** Shows the rest of a block that is nested too deeply as text. The parser itself would drop it. */
function tooDeep(state: StateBlock, startLine: number, endLine: number): boolean {
  if (state.level < DEPTH_MAX) return false;
  let next = startLine + 1;
  while (next < endLine && isInside(state, next)) next++;
  const token = state.push("code_block", "code", 0);
  token.content = state.getLines(startLine, next, state.blkIndent, true);
  state.line = next;
  return true;
}

const isInside = (state: StateBlock, line: number) =>
  state.isEmpty(line) || (state.sCount[line] ?? 0) >= state.blkIndent;
