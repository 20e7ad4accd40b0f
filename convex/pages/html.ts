import { escapeMarkup } from "../lib/escape";

/**
 * HTML that is safe to send. Only `html` and `trusted` create it, so a plain string never reaches a
 * page unescaped.
 */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** A value in a template: text is escaped; missing and false values render nothing. */
export type Child = Html | string | number | readonly Child[] | undefined | null | false;

/** Builds HTML from a template, escaping all values that are not HTML themselves. */
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
