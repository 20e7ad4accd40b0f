import type { Finding } from "./finding";
import { tellingOf } from "./names";
import { isSecretValue } from "./values";

/** Finds secrets in the columns of Markdown tables whose head names them. Linear, pure. */

/** The head of a table and the line of dashes under it. Lines end with `\n`, also escaped in JSON text. */
const HEAD =
  /(?:^|\n|\\n)[ \t]{0,8}\|([^\n\\]{1,1000})\|[ \t]{0,8}(?:\n|\\n)[ \t]{0,8}\|[ \t:|-]{3,1000}\|[ \t]{0,8}(?=\n|\\n)/g;
const ROW = /(?:\n|\\n)[ \t]{0,8}\|([^\n\\]{1,2000})\|[ \t]{0,8}(?=\n|\\n|$)/y;

/** Adds every value in a column that is called like a secret. */
export function findInTables(text: string, found: Finding[]): void {
  if (!text.includes("|")) return;
  HEAD.lastIndex = 0;
  for (let head = HEAD.exec(text); head !== null; head = HEAD.exec(text)) {
    const names = (head[1] ?? "").split("|").map((name) => name.replace(/[*`]/g, "").trim());
    const tellings = names.map(tellingOf);
    if (tellings.every((telling) => telling === undefined)) continue;
    ROW.lastIndex = HEAD.lastIndex;
    for (let row = ROW.exec(text); row !== null; row = ROW.exec(text)) {
      findInRow(row[1] ?? "", row.index + row[0].indexOf("|") + 1, tellings, found);
      HEAD.lastIndex = ROW.lastIndex;
    }
  }
}

function findInRow(
  row: string,
  at: number,
  tellings: readonly ReturnType<typeof tellingOf>[],
  found: Finding[],
): void {
  let start = at;
  for (const [column, cell] of row.split("|").entries()) {
    const telling = tellings[column];
    const value = cell.replace(/[*`]/g, "").trim();
    const isMixed = /[A-Za-z]/.test(value) && /[\d!@#$%^&*]/.test(value);
    if (telling !== undefined && isMixed && isSecretValue(value, telling, "setting")) {
      const from = start + cell.indexOf(value);
      found.push({ kind: telling, start: from, end: from + value.length });
    }
    start += cell.length + 1;
  }
}
