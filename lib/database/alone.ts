import { dialects } from "./dialects.ts";
import type { Connection, Driver, TransactionMode } from "./driver.ts";
import { UnusableDatabaseError } from "./failure.ts";

/**
 * Runs `work` while no other server of this database runs its own `alone`. For what must happen once: creating the
 * framework's tables, migrations, bringing the schema in line.
 *
 * The lock is held on a connection of its own, and `work` opens others: a transaction that waited for the lock itself
 * would afterwards look at a snapshot from before it. A database that is one process's alone needs no lock.
 */
export async function alone<T>(driver: Driver, work: () => Promise<T>): Promise<T> {
  const { lock } = dialects[driver.dialect];
  if (!driver.shared || !lock) return work();
  const holder = await driver.connect();
  try {
    await holder.begin("write");
    const [row] = await holder.execute(lock.take);
    if (Number(row?.taken) !== 1) throw new UnusableDatabaseError(heldForTooLong(driver));
    try {
      return await work();
    } finally {
      // Without its connection the lock is gone already.
      if (lock.release) await holder.execute(lock.release).catch(() => {});
    }
  } finally {
    await holder.rollback();
    holder.release();
  }
}

function heldForTooLong({ description }: Driver): string {
  return `Another server has been preparing ${description} for an hour. If it hangs, stop it, and start again.`;
}

/** Runs `work` in one transaction of its own: commits when it resolves, rolls back when it rejects. */
export async function inTransaction<T>(
  driver: Driver,
  mode: TransactionMode,
  work: (connection: Connection) => Promise<T>,
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
