/** Characters that XML 1.0 forbids, and marks that change the direction of the text around them. */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: { readonly [char: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Replaces invisible characters (control characters and direction marks) by U+FFFD. */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

/**
 * Escapes text for use between tags or in a quoted attribute of HTML and XML, and makes invisible
 * characters visible, so that no name can reorder or break the page.
 */
export function escapeMarkup(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}
