import { type JsonObject, numberIn, textIn } from "../../json.ts";
import type { Item } from "../../rows.ts";

/** What tells the turns of a session from those of its forks. */
export type ParentTurns = {
  ids: ReadonlySet<string>;
  /** Turns that had begun when the fork was made: releases before turns had ids leave nothing else. */
  countAtFork: number;
};

/** What must be remembered of a replay. Plain JSON. */
export type ReplayMemo = {
  startedAt: number;
  metas: number;
  hasParent: boolean;
  /** These lines repeat what the parent holds. */
  isReplay: boolean;
  /** The last turn of the parent that was seen. */
  parentTurn?: string;
  /** Turns without an id that were dropped as the parent's. */
  namelessTurns?: number;
};

export const NO_REPLAY: ReplayMemo = { startedAt: 0, metas: 0, hasParent: false, isReplay: false };

const NO_OWN_TURN =
  "a fork without ids of turns, whose parent is not here, is left out: what is its own cannot be told";

/** The parent's history, with which older forks begin: which lines are the parent's, and which the fork's own. */
export class Replay {
  constructor(
    private readonly memo: ReplayMemo,
    /** The session that this one was forked from; undefined where it is not there. */
    private readonly parent: ParentTurns | undefined,
  ) {}

  /** A record of a session: the first is that of the fork, and that of its parent begins the replay. */
  meta(record: { isOwn: boolean; hasParent: boolean; startedAt: number }): void {
    const { memo } = this;
    if (memo.metas === 0) {
      memo.hasParent = record.hasParent;
      memo.startedAt = record.startedAt;
    }
    // A session may repeat its own record.
    if (!record.isOwn) memo.isReplay = memo.hasParent;
    memo.metas += 1;
  }

  /** Whether a line is the parent's. */
  holds(type: string, payload: JsonObject): boolean {
    const { memo } = this;
    if (!memo.isReplay) return false;
    const turn = textIn(payload, "turn_id");
    const begins = type === "turn_context" || payload.type === "task_started";
    if (turn !== undefined && begins) memo.isReplay = this.#isParentTurn(turn, payload);
    else if (type === "turn_context") memo.isReplay = this.#isNamelessParentTurn();
    return memo.isReplay;
  }

  /** Names a fork of which it cannot be told what is its own. */
  end(): Item[] {
    const { isReplay, namelessTurns = 0 } = this.memo;
    const isUnclear = isReplay && namelessTurns > 0 && this.parent === undefined;
    return isUnclear ? [{ kind: "note", reason: NO_OWN_TURN }] : [];
  }

  #isNamelessParentTurn(): boolean {
    const { memo, parent } = this;
    const dropped = memo.namelessTurns ?? 0;
    if (parent !== undefined && dropped >= parent.countAtFork) return false;
    memo.namelessTurns = dropped + 1;
    return true;
  }

  #isParentTurn(turn: string, payload: JsonObject): boolean {
    const { memo, parent } = this;
    if (parent !== undefined) return parent.ids.has(turn);
    const startedAt = numberIn(payload, "started_at");
    // Only the beginning of a turn tells its time.
    if (startedAt === undefined) return turn === memo.parentTurn;
    const ms = startedAt < 1e11 ? startedAt * 1_000 : startedAt;
    const isOld = ms < memo.startedAt - 1_000;
    if (isOld) memo.parentTurn = turn;
    return isOld;
  }
}
