import { UnusableDatabaseError } from "../driver/database-errors.ts";
import type { DatabaseConnection, Driver, TransactionMode } from "../driver/driver.ts";
import { internalSql } from "./internal-sql.ts";

/**
 * Runs `work` under a lock that one server of this database holds at a time. For work that must happen once: creating
 * the framework's tables, running migrations, pushing the schema.
 *
 * The lock is held on a connection of its own, and `work` opens others: a transaction that waits for the lock itself
 * would then read a snapshot from before the wait. A database that only one process uses needs no lock.
 *
 * A server may end an idle connection, and the lock ends with it. So the connection runs a statement at intervals.
 * @throws {UnusableDatabaseError} when the lock was lost before `work` ended: another server may have done the same
 * work.
 */
export async function withDatabaseLock<T>(
  driver: Driver,
  work: () => Promise<T>,
  /** Milliseconds between two statements that keep the connection from being idle. */
  every = 10_000,
): Promise<T> {
  const { lock } = internalSql[driver.dialect];
  if (!driver.shared || !lock) return work();
  const holder = await driver.connect();
  try {
    await holder.begin("write");
    const [row] = await holder.execute(lock.take);
    if (Number(row?.taken) !== 1) throw new UnusableDatabaseError(heldForTooLong(driver));
    const held = keepHeld(holder, every);
    try {
      const result = await work();
      await held.confirm().catch((error: unknown) => {
        throw new UnusableDatabaseError(lostMeanwhile(driver), { cause: error });
      });
      return result;
    } finally {
      held.stop();
      // A lost connection has released the lock already.
      if (lock.release) await holder.execute(lock.release).catch(() => {});
    }
  } finally {
    await holder.rollback();
    holder.release();
  }
}

/** Runs a statement on a connection at intervals. `confirm` runs one more, and rejects if any of them has failed. */
function keepHeld(holder: DatabaseConnection, every: number): { confirm(): Promise<void>; stop(): void } {
  let failure: unknown;
  let lost = false;
  const use = (): Promise<void> =>
    holder.execute("select 1").then(
      () => {},
      (error: unknown) => {
        if (!lost) failure = error;
        lost = true;
      },
    );
  const timer = setInterval(() => void use(), every);
  timer.unref();
  return {
    async confirm() {
      await use();
      if (lost) throw failure;
    },
    stop: () => clearInterval(timer),
  };
}

function lostMeanwhile({ description }: Driver): string {
  return (
    `The connection that kept other servers from preparing ${description} was lost before that was done. ` +
    "What was done is kept, but another server may have done the same meanwhile. Start again: the start checks what is there."
  );
}

function heldForTooLong({ description }: Driver): string {
  return `Another server has been preparing ${description} for an hour. If it hangs, stop it, and start again.`;
}

/** Runs `work` in one transaction of its own: commits when it resolves, rolls back when it rejects. */
export async function inTransaction<T>(
  driver: Driver,
  mode: TransactionMode,
  work: (connection: DatabaseConnection) => Promise<T>,
): Promise<T> {
  const connection = await driver.connect();
  try {
    await connection.begin(mode);
    const result = await work(connection);
    await connection.commit();
    return result;
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}
