import type { Connection, Driver } from "./driver.ts";

/** "convex-lite" as a number: PostgreSQL's advisory locks are named by 64 bits, shared by everything in a database. */
const lockKey = "7165059151302979683";

/**
 * Runs `work` while no other server of this database runs its own `alone`. For what must happen once: creating the
 * framework's tables, migrations, bringing the schema in line.
 *
 * The lock is held by a transaction on a connection of its own, and `work` opens others: a transaction that waited for
 * the lock itself would afterwards look at a snapshot from before it. A database that runs one transaction at a time has
 * one server only: it needs no lock and could not hold one.
 */
export async function alone<T>(driver: Driver, work: () => Promise<T>): Promise<T> {
  if (!driver.sideBySide) return work();
  const holder = await driver.connect();
  try {
    await holder.begin("write");
    await holder.execute(`select pg_advisory_xact_lock(${lockKey})`);
    return await work();
  } finally {
    await holder.rollback();
    holder.release();
  }
}

/** Runs `work` in one transaction of its own: commits when it resolves, rolls back when it rejects. */
export async function inTransaction<T>(
  driver: Driver,
  mode: "read" | "write",
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
