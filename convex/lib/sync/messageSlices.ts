import { contentBytes, storedText, TEXT_ORDER, type PartRow } from "../sessions/partRows";
import { utf8Length } from "../text";
import { added, fits, ITEM_OPERATIONS, type Load, NO_LOAD } from "./slices";
import { rowBytes, SLICE } from "./writeCost";

/**
 * Splits a message that is larger than a slice over several transactions: the first stores its fields
 * and first rows, the others append rows. Until the last one its `deliveryHash` is a pending hash that
 * names the next slice, so that each slice is appended once and only to its own delivery. Pure.
 */

/**
 * The position of a slice in its message, and the bytes of text and parts in later slices. A later
 * slice may hold only empty parts and thus no bytes, so only `isLast` tells the end.
 */
export type MessageSlice = {
  number: number;
  isLast: boolean;
  textToCome: number;
  partsToCome: number;
};

/** The fields of an incoming message that slicing needs. */
type Sliced = { deliveryHash: string; slice?: MessageSlice };

/** The rows of one slice, and the cost of storing it. */
export type SlicedRows = { tail: PartRow[]; parts: PartRow[]; load: Load; slice?: MessageSlice };

export function isContinuation({ slice }: Sliced): boolean {
  return slice !== undefined && slice.number > 0;
}

/** Whether a stored message is the delivered one. Earlier versions kept more of the same hash. */
export function isDelivered(
  { deliveryHash: stored }: Pick<Sliced, "deliveryHash">,
  { deliveryHash }: Pick<Sliced, "deliveryHash">,
): boolean {
  const isSame = stored === deliveryHash;
  return isSame || (stored.startsWith(deliveryHash) && !isPending({ deliveryHash: stored }));
}

/** The `deliveryHash` of a message that waits for this slice. */
export function pendingHash({ deliveryHash, slice }: Sliced): string {
  return `${deliveryHash}+${slice?.number ?? 0}`;
}

/** The `deliveryHash` of a message after this slice: a pending hash while further slices follow. */
export function hashAfterSlice({ deliveryHash, slice }: Sliced): string {
  const isWhole = slice === undefined || slice.isLast;
  return isWhole ? deliveryHash : `${deliveryHash}+${slice.number + 1}`;
}

/** Whether the message waits for a further slice. */
export function isPending({ deliveryHash }: Pick<Sliced, "deliveryHash">): boolean {
  return deliveryHash.includes("+");
}

/** The hash of the delivery whose content the message holds, completely or up to the slice stored last. */
export function contentHash({ deliveryHash }: Pick<Sliced, "deliveryHash">): string {
  return deliveryHash.split("+", 1).join("");
}

/**
 * Distributes the rows of a message over slices: one slice for nearly every message. `besides` is what is
 * stored with a row in other tables.
 */
export function sliceRows(
  head: string,
  tail: readonly PartRow[],
  parts: readonly PartRow[],
  besides: (row: PartRow) => Load = () => NO_LOAD,
) {
  const slices: SlicedRows[] = [];
  let load: Load = {
    operations: ITEM_OPERATIONS,
    bytes: rowBytes("messages", utf8Length(head)),
  };
  let rows: PartRow[] = [];
  const close = () => {
    const isText = ({ order }: PartRow) => order === TEXT_ORDER;
    const texts = rows.filter(isText);
    slices.push({ tail: texts, parts: rows.filter((row) => !isText(row)), load });
  };
  for (const row of [...tail, ...parts]) {
    const own = { operations: 1, bytes: rowBytes("parts", utf8Length(storedText(row))) };
    const more = added(own, besides(row));
    if (rows.length > 0 && !fits(load, more, SLICE)) {
      close();
      rows = [];
      // Each slice also rewrites the message's own row.
      load = { operations: ITEM_OPERATIONS, bytes: rowBytes("messages", utf8Length(head)) };
    }
    rows.push(row);
    load = added(load, more);
  }
  close();
  return numbered(slices);
}

/** Numbers the slices from last to first, because each one states what follows it. */
function numbered(slices: readonly SlicedRows[]): SlicedRows[] {
  if (slices.length === 1) return [...slices];
  let [textToCome, partsToCome] = [0, 0];
  const backwards = slices.map((_, at) => {
    const number = slices.length - 1 - at;
    const one = slices[number] ?? { tail: [], parts: [], load: { operations: 0, bytes: 0 } };
    const slice = { number, isLast: at === 0, textToCome, partsToCome };
    textToCome += contentBytes(one.tail);
    partsToCome += contentBytes(one.parts);
    return { ...one, slice };
  });
  return backwards.reverse();
}
