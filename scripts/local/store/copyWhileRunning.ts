import type { Transactor } from "../transaction/transactor.ts";
import type { Sqlite } from "./sqlite.ts";

const MAX_ATTEMPTS = 100;

/** Copies the data file while the server runs. A copy that begins while a transaction is open is begun again. */
export async function copyWhileRunning(
  db: Sqlite,
  transactor: Transactor,
  to: string,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    let copied = Promise.resolve(false);
    // It begins between transactions, and they do not wait for its end.
    await transactor.flush(() => {
      copied = db.backup(to);
    });
    if (await copied) return;
  }
  throw new Error("the server writes all the time; try again");
}
