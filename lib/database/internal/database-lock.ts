import { UnusableDatabaseError } from "../driver/database-errors.ts";
import type { DatabaseConnection, Driver, TransactionMode } from "../driver/driver.ts";
import { internalSql } from "./internal-sql.ts";

/**
 * Runs `work` while no other server of this database runs its own `alone`. For what must happen once: creating the
 * framework's tables, migrations, bringing the schema in line.
 *
 * The lock is held on a connection of its own, and `work` opens others: a transaction that waited for the lock itself
 * would afterwards look at a snapshot from before it. A database that is one process's alone needs no lock.
 *
 * A connection that says nothing may be ended by the server, and the lock with it; so it says something now and then.
 * @throws {UnusableDatabaseError} when the lock was lost before `work` had ended: somebody else may have been at it, too.
 */
export async function withDatabaseLock<T>(
  driver: Driver,
  work: () => Promise<T>,
  /** Milliseconds from one sign of life to the next. */
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
      // Without its connection the lock is gone already.
      if (lock.release) await holder.execute(lock.release).catch(() => {});
    }
  } finally {
    await holder.rollback();
    holder.release();
  }
}

/** Uses a connection now and then. `confirm` rejects when that has failed, or does now. */
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
    "What was done is kept, but another server may have done the same meanwhile: start again, which finds out."
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
