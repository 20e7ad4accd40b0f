import { escapeMarkup } from "../lib/escape";

/**
 * HTML that may be sent. Only `html` and `trusted` make it, so a plain string never reaches a page
 * unescaped: forgetting to escape does not compile into a page, it shows the tags.
 */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text is escaped; what is absent or false leaves nothing. */
export type Child = Html | string | number | readonly Child[] | undefined | null | false;

/** Builds HTML from a template whose values are escaped unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  let text = strings[0] ?? "";
  children.forEach((child, index) => {
    text += textOf(child) + (strings[index + 1] ?? "");
  });
  return new Html(text);
}

/** Marks text as HTML. Only for writers that escape by themselves: Markdown, code, pictures, style. */
export function trusted(text: string): Html {
  return new Html(text);
}

function textOf(child: Child): string {
  if (child instanceof Html) return child.text;
  if (child === undefined || child === null || child === false) return "";
  if (typeof child === "string") return escapeMarkup(child);
  if (typeof child === "number") return String(child);
  return child.map(textOf).join("");
}
