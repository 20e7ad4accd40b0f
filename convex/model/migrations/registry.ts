import { keyUse } from "./keyUse";
import type { Migration } from "./migration";
import { orphanedMessages, orphanedMessageVectors, orphanedSessionVectors } from "./orphans";
import { messageSearchTexts, partSearchTexts } from "./searchTexts";
import { prices } from "./prices";
import { toolCalls } from "./toolCalls";
import { uncountedMessages } from "./uncountedMessages";

/**
 * Every migration, in the order in which they run, one at a time. Add yours at the end. A migration may be
 * removed when no deployment still runs the version before it.
 */
export const MIGRATIONS: readonly Migration[] = [
  uncountedMessages,
  keyUse,
  orphanedMessages,
  orphanedSessionVectors,
  orphanedMessageVectors,
  messageSearchTexts,
  partSearchTexts,
  toolCalls,
  prices,
];
