import type { DatabaseConnection } from "../../database/driver/driver.ts";
import type { Cancel, Environment } from "../../environment/environment.ts";
import type { Transactions } from "../commits/transactions.ts";
import { clientRecords } from "./client-record.ts";

const HOUR = 3_600_000;
/** A client is known for a day at least: its record is marked as in use once an hour. */
const KEPT = 25 * HOUR;
/** After a call of its own, a record is kept no longer than this, in milliseconds. */
const CALLS_KEPT = 60_000;
/** So many records of calls are deleted at once. */
const MOST_CALLS = 1_000;

/**
 * Deletes the records that are not needed any more: those of calls whose outcome is known, as they are never sent again, and
 * those of clients that have been idle for a day.
 */
export class RecordPruning {
  readonly #environment: Environment;
  readonly #transactions: Transactions;
  #prunedAt: number;
  /** Calls that have ended, and whose records may still be there. */
  #ended: string[] = [];
  #timer: Cancel | undefined;

  constructor(environment: Environment, transactions: Transactions) {
    this.#environment = environment;
    this.#transactions = transactions;
    this.#prunedAt = environment.now();
  }

  /** The outcome of the call with this client id is known, also if its COMMIT was in doubt. */
  callEnded(id: string): void {
    this.#timer ??= this.#environment.after(CALLS_KEPT, () => void this.forgetCalls());
    if (this.#ended.push(id) >= MOST_CALLS) void this.forgetCalls();
  }

  /** Deletes the records of the calls that have ended. Never rejects. */
  async forgetCalls(): Promise<void> {
    this.close();
    const ids = this.#ended;
    this.#ended = [];
    if (ids.length > 0) await this.#delete("of calls that have ended", (each) => clientRecords.forget(each, ids));
  }

  /** Deletes the records of idle clients, if it has not been done for an hour. Never rejects. */
  async nowAndThen(): Promise<void> {
    const now = this.#environment.now();
    if (now - this.#prunedAt < HOUR) return;
    this.#prunedAt = now;
    await this.#delete("of idle clients", (each) => clientRecords.prune(each, now - KEPT));
  }

  /** Begins nothing more by itself. What it has not deleted is deleted as the record of an idle client. */
  close(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  async #delete(which: string, statement: (connection: DatabaseConnection) => Promise<void>): Promise<void> {
    try {
      await this.#transactions.internalTransaction(statement);
    } catch (error) {
      this.#environment.log.warn(`The records ${which} could not be deleted; they are deleted a day later`, { error });
    }
  }
}
