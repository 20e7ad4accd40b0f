/** Numbers that a plugin may send of a session or a message; an absent one is unknown, not 0. */
export const NUMBERS = [
  "promptTokens",
  "completionTokens",
  "totalTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "reasoningTokens",
  "cost",
  "durationMs",
] as const;

export type NumberName = (typeof NUMBERS)[number];
export type Numbers = Partial<Record<NumberName, number>>;

/** Only the numbers of a row, those that are known. */
export function numbersOf(row: Numbers): Numbers {
  const numbers: Numbers = {};
  for (const name of NUMBERS) {
    if (row[name] !== undefined) numbers[name] = row[name];
  }
  return numbers;
}
