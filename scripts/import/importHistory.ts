import { fitted } from "./fit.ts";
import type { History, Item, MessageRow, Progress } from "./rows.ts";
import type { SecretExaminer } from "./secrets.ts";
import type { Sender } from "./sender.ts";
import type { State } from "./state.ts";
import { count, type Tally } from "./tally.ts";

/** Where rows go: to a server, or nowhere in a dry run. */
export type Sink = Pick<
  Sender,
  "addSession" | "addMessage" | "edit" | "afterStored" | "isWhole" | "flush"
>;

/** A dry run: everything is read, and nothing sent or remembered. */
export const NOWHERE: Sink = {
  addSession: () => Promise.resolve(),
  addMessage: () => Promise.resolve(),
  edit: () => Promise.resolve(),
  afterStored: () => Promise.resolve(),
  isWhole: () => true,
  flush: () => Promise.resolve(),
};

export type Context = {
  sink: Sink;
  state: State;
  tally: Tally;
  secrets: SecretExaminer;
  /** Called for each message, and with the bytes read so far of this history where they are known. */
  onProgress: (history: History, readBytes?: number) => void;
};

/** Reads a history from where it was read to, and gives its rows to the sink. */
export async function importHistory(history: History, context: Context): Promise<void> {
  const { sink, state, tally } = context;
  const items = history.read(await state.resumeAt(history))[Symbol.asyncIterator]();
  let last: Progress | undefined;
  try {
    for (;;) {
      const next = await nextOf(items, history, tally);
      if (next === undefined) return;
      if (next.done) break;
      if (next.value.kind === "checkpoint") last = next.value.progress;
      await takeOrName(next.value, history, context);
    }
  } finally {
    await items.return?.();
  }
  const mark = last && (await history.markOf?.(last.offset));
  await sink.afterStored(() => {
    // What the server could not take now is sent again by the next run.
    if (!sink.isWhole(history.path)) return;
    state.keep(history, {
      version: history.version,
      ...(last && mark ? { progress: last, mark } : {}),
    });
    state.save();
  });
}

/** The next item; undefined where the history cannot be read, which is named. */
async function nextOf(items: AsyncIterator<Item>, history: History, tally: Tally) {
  try {
    return await items.next();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tally.addFault({ path: history.path, reason: `cannot be read: ${reason}` });
    return undefined;
  }
}

/** Whether a row only adds numbers to a message that came before it. */
const isAddition = ({ role, textContent, parts }: MessageRow) =>
  [role, textContent, parts].every((field) => field === undefined);

/** Takes an item; one that is nested too deeply to be walked or written is named, and its neighbours are kept. */
async function takeOrName(item: Item, history: History, context: Context): Promise<void> {
  try {
    await take(item, history, context);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const line = item.kind === "message" && item.line ? { line: item.line } : {};
    context.tally.addFault({
      path: history.path,
      ...line,
      reason: `cannot be sent: ${error.message}`,
    });
  }
}

async function take(item: Item, history: History, context: Context): Promise<void> {
  const { sink, state, tally, secrets } = context;
  const { path } = history;
  switch (item.kind) {
    case "session":
      tally.sessionIds.add(item.row.externalId);
      return await sink.addSession(secrets.session(item.row), { path });
    case "message": {
      const { row, line, isStored } = item;
      const fit = isStored ? row : fitted(row);
      if (!isAddition(row)) tally.messages += 1;
      if (fit !== row) tally.shortened += 1;
      context.onProgress(history);
      return await sink.addMessage(secrets.message(fit), { path, ...(line ? { line } : {}) });
    }
    case "edits":
      return await sink.edit(item.sessionExternalId, secrets.edits(item.edits), { path });
    case "checkpoint": {
      const { progress } = item;
      context.onProgress(history, progress.offset);
      const mark = await history.markOf?.(progress.offset);
      return await sink.afterStored(() => {
        if (mark === undefined || !sink.isWhole(history.path)) return;
        state.keep(history, { progress, mark });
        state.save();
      });
    }
    case "fault":
      tally.addFault({ path, ...(item.line ? { line: item.line } : {}), reason: item.reason });
      return;
    case "bookkeeping":
      count(tally.bookkeeping, item.type);
      return;
    case "unknown":
      count(tally.unknown, item.type);
      return;
    case "note":
      count(tally.notes, item.reason);
  }
}
