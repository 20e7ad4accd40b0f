/** What must be remembered of the calls of a transcript. Plain JSON. */
export type CallIdsMemo = { [key: string]: { place: string; messageId: string } };

/** Ids with as many random characters are never given twice. */
const RANDOM = /[A-Za-z0-9]{16}/;
/** Calls that are remembered, because this is kept between two runs. */
const REMEMBERED = 2_000;

/** Also keeps ids apart from names that every object has. */
const keyOf = (callId: string) => `call ${callId}`;

/**
 * Ids of the messages that hold tool calls: that of the call, as plugins have it. Some models only count their
 * calls (`Bash_0`) and begin again, for example after a compaction: a later call gets its place before its id.
 */
export class CallIds {
  constructor(readonly memo: CallIdsMemo) {}

  /** The id of the message with this call. `place` is the id of its line: the same place is the same call. */
  at(callId: string, place: string): string {
    if (RANDOM.test(callId)) return callId;
    const known = this.memo[keyOf(callId)];
    if (known?.place === place) return known.messageId;
    const messageId = known === undefined ? callId : `${place}-${callId}`;
    const [oldest] = Object.keys(this.memo);
    if (oldest !== undefined && Object.keys(this.memo).length >= REMEMBERED)
      Reflect.deleteProperty(this.memo, oldest);
    this.memo[keyOf(callId)] = { place, messageId };
    return messageId;
  }

  /** The id of the message with the last call of this id. */
  latest(callId: string): string {
    return this.memo[keyOf(callId)]?.messageId ?? callId;
  }
}
