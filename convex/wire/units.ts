import * as z from "zod";

/** Fields of answers with their units, so that no number is without one. */

/** A text with its description. */
export const text = (description: string) => z.string().meta({ description });

/** A text that may be null, with its description. */
export const textOrNull = (description: string) => z.string().nullable().meta({ description });

/** A number of things, which the description names. */
export const count = (description: string) => z.number().meta({ description });

/** A number of tokens. */
export const tokens = (what: string) => count(`${what}, tokens.`);

/** An amount of money. */
export const dollars = (what: string) => count(`${what}, US dollars.`);

/** A time. */
export const time = (what: string) => count(`${what}, epoch ms.`);

/** The cursor of the next page. */
export const nextCursor = (
  description = "Send it as the cursor of the next request; null on the last page.",
) => textOrNull(description);
