/** What XML 1.0 cannot hold at all, and marks that turn the direction of text around them. */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: { readonly [char: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text in which what is hidden is seen: control characters and direction marks become U+FFFD. */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

/**
 * Text as it may stand between tags or in a quoted attribute of HTML and XML, what is hidden in it
 * made visible, so that no name can reorder or break the page around it.
 */
export function escapeMarkup(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}
