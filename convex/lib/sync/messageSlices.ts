import { pieceBytes, TEXT_ORDER, type Piece } from "../sessions/partRows";
import { utf8Length } from "../text";
import { added, fits, ITEM_OPERATIONS, type Load } from "./slices";
import { rowBytes, SLICE } from "./writeCost";

/**
 * A message larger than a slice is stored in several transactions: the first holds its fields and the
 * first of its rows, the others append rows. Until the last one its `deliveryHash` is a mark that says
 * which slice comes next, so that a slice is appended once, and only to the delivery it belongs to. Pure.
 */

/**
 * Which slice of its message this is, and bytes of text and parts that later slices bring. A later slice
 * may bring no bytes, only empty parts: `isLast` alone tells the end.
 */
export type MessageSlice = {
  number: number;
  isLast: boolean;
  textToCome: number;
  partsToCome: number;
};

/** As much of a message on its way into the database as slicing needs. */
type Sliced = { deliveryHash: string; slice?: MessageSlice };

/** The rows of one slice, and what storing it takes. */
export type SlicedRows = { tail: Piece[]; parts: Piece[]; load: Load; slice?: MessageSlice };

export function isContinuation({ slice }: Sliced): boolean {
  return slice !== undefined && slice.number > 0;
}

/** The `deliveryHash` of a message that waits for this slice. */
export function markBefore({ deliveryHash, slice }: Sliced): string {
  return `${deliveryHash}+${slice?.number ?? 0}`;
}

/** The `deliveryHash` of a message after this slice; a mark while others are to come. */
export function markAfter({ deliveryHash, slice }: Sliced): string {
  const isWhole = slice === undefined || slice.isLast;
  return isWhole ? deliveryHash : `${deliveryHash}+${slice.number + 1}`;
}

/** The rows of a message in the slices that store it: one for nearly every message. */
export function sliceRows(head: string, tail: readonly Piece[], parts: readonly Piece[]) {
  const slices: SlicedRows[] = [];
  let load: Load = {
    operations: ITEM_OPERATIONS,
    bytes: rowBytes("messages", utf8Length(head)),
  };
  let rows: Piece[] = [];
  const close = () => {
    const isText = ({ order }: Piece) => order === TEXT_ORDER;
    const texts = rows.filter(isText);
    slices.push({ tail: texts, parts: rows.filter((row) => !isText(row)), load });
  };
  for (const piece of [...tail, ...parts]) {
    const more = { operations: 1, bytes: rowBytes("parts", pieceBytes([piece])) };
    if (rows.length > 0 && !fits(load, more, SLICE)) {
      close();
      rows = [];
      // Each slice writes the message's own row again.
      load = { operations: ITEM_OPERATIONS, bytes: rowBytes("messages", utf8Length(head)) };
    }
    rows.push(piece);
    load = added(load, more);
  }
  close();
  return numbered(slices);
}

/** Numbers slices, from the last to the first, because each says what follows it. */
function numbered(slices: readonly SlicedRows[]): SlicedRows[] {
  if (slices.length === 1) return [...slices];
  let [textToCome, partsToCome] = [0, 0];
  const backwards = slices.map((_, at) => {
    const number = slices.length - 1 - at;
    const one = slices[number] ?? { tail: [], parts: [], load: { operations: 0, bytes: 0 } };
    const slice = { number, isLast: at === 0, textToCome, partsToCome };
    textToCome += pieceBytes(one.tail);
    partsToCome += pieceBytes(one.parts);
    return { ...one, slice };
  });
  return backwards.reverse();
}
