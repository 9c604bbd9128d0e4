import type { Caller } from "../../auth/caller.ts";
import type { DatabaseConnection, Statement } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";
import type { RegisteredFunction } from "../../functions/define.ts";
import { encodeFailure, encodeSuccess } from "../../protocol/encode.ts";
import type { Wire } from "../../values/wire.ts";
import { encodeResult } from "../answers/encode-result.ts";
import { AlreadyDecidedError, type Transactions } from "../commits/transactions.ts";
import { parseArguments, readArguments } from "../run/arguments.ts";
import type { Failures } from "../run/failures.ts";
import type { EngineLimits } from "../run/limits.ts";
import { refuseNul } from "../run/nul-characters.ts";
import type { Registry } from "../run/registry.ts";
import { resolveFunction } from "../run/resolve-function.ts";
import { type Call, Run } from "../run/run.ts";
import { withTimeLimit } from "../run/time-limit.ts";
import { advanced, type ClientRecord, clientRecords } from "./client-record.ts";
import { RecordPruning } from "./record-pruning.ts";

/** Mutation `n` of a client. */
export interface MutationRequest {
  readonly number: number;
  readonly path: string;
  readonly args: Record<string, Wire>;
  readonly confirmedUpTo: number;
  /** What its message weighs: see `parseMessageText`. */
  readonly weight: number;
}

/** The client whose mutation it is, and what is known of its record. */
export interface RecordedClient {
  readonly id: string;
  readonly caller: Caller;
  /** Undefined until it has been read; kept in step with the table by `apply`. */
  record: ClientRecord | undefined;
}

/** How it ended: the outcome as wire text, and the revision from which on its writes can be seen (if it wrote). */
export interface Applied {
  readonly outcome: string;
  readonly revision: number | undefined;
}

export interface MutationParts {
  readonly environment: Environment;
  readonly limits: EngineLimits;
  readonly transactions: Transactions;
  readonly failures: Failures;
  /** Whether the database holds U+0000 in a text. */
  readonly holdsNul: boolean;
  registry(): Registry;
  /** Takes what the author of the functions should see. In development only. */
  readonly warn?: ((message: string) => void) | undefined;
}

/**
 * Decides mutations: each number of a client once, in order, whatever is resent. The outcome, good or bad, is recorded
 * in the client's record before it is told: a success in the mutation's own transaction, a failure in one of its own.
 */
export class Mutations {
  readonly #parts: MutationParts;
  readonly #pruning: RecordPruning;

  constructor(parts: MutationParts) {
    this.#parts = parts;
    this.#pruning = new RecordPruning(parts.environment, parts.transactions);
  }

  /** The server stops: deletes what is left of calls. Never rejects. */
  forgetCalls(): Promise<void> {
    return this.#pruning.forgetCalls();
  }

  /** Begins nothing more by itself. */
  close(): void {
    this.#pruning.close();
  }

  /**
   * Decides one mutation. The caller sees to it that a client's mutations come one after the other.
   * `committed` is called in the same step in which the commit becomes known, with its revision.
   * @throws when the outcome could not be recorded: then it is not decided, and must be sent again.
   */
  async apply(
    client: RecordedClient,
    request: MutationRequest,
    committed: (revision: number) => void = () => {},
  ): Promise<Applied> {
    const { number } = request;
    const isKnown = client.record !== undefined;
    // A first mutation has no record to read: if it has one after all, `advance` will notice.
    let record = client.record ?? (number > 1 ? await this.#readRecord(client) : fresh(client.caller));
    // What is known may be of before another server decided the mutations in between.
    if (isKnown && refusal(client, record, number) !== undefined) record = await this.#readRecord(client);
    client.record = record;
    const refused = refusal(client, record, number);
    if (refused !== undefined) return { outcome: refused, revision: undefined };
    if (number <= record.lastDecided) return this.#decidedBefore(record, number);
    const decided = await this.#run(client, record, request, committed);
    await this.#pruning.nowAndThen();
    return decided;
  }

  /**
   * Runs a mutation that is never sent again: by a client of its own, with one mutation. At most once, also when its COMMIT is not answered.
   * @returns the result as wire text. @throws whatever the handler threw.
   */
  async applyOnce(call: Call, caller: Caller): Promise<string> {
    const client: RecordedClient = { id: this.#parts.environment.randomId(), caller, record: undefined };
    const record = fresh(caller);
    const touched = this.#parts.environment.now();
    const { valueText } = await this.#transact(
      client,
      call,
      1,
      () => ({ ...record, lastDecided: 1, touched }),
      () => {},
    );
    this.#pruning.callEnded(client.id);
    await this.#pruning.nowAndThen();
    return valueText;
  }

  async #run(
    client: RecordedClient,
    record: ClientRecord,
    request: MutationRequest,
    committed: (revision: number) => void,
  ): Promise<Applied> {
    const { number, path, confirmedUpTo } = request;
    let fn: RegisteredFunction | undefined;
    let revision: number | undefined;
    try {
      fn = resolveFunction(this.#parts.registry(), "mutation", path);
      const args = readArguments(request.args, this.#parts.limits.argsDepth);
      if (!this.#parts.holdsNul) refuseNul(path, args);
      const call = { fn, path, args: parseArguments(fn, path, args) };
      const recordAfter = (valueText: string) =>
        advanced(record, number, encodeSuccess(valueText), confirmedUpTo, this.#parts.environment.now());
      const done = await this.#transact(client, call, number, recordAfter, (at) => {
        revision = at;
        committed(at);
      });
      client.record = done.next;
      return { outcome: encodeSuccess(done.valueText), revision };
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return this.#reload(client, number, error);
      return this.#fail(client, record, request, encodeFailure(this.#parts.failures.toWireError(error, path, fn)));
    }
  }

  /** The mutation's own transaction: the handler, then the COMMIT together with the client's record. */
  #transact(
    client: RecordedClient,
    call: Call,
    number: number,
    recordAfter: (valueText: string) => ClientRecord,
    committed: (revision: number) => void,
  ): Promise<{ valueText: string; next: ClientRecord }> {
    const { environment, limits, transactions } = this.#parts;
    // The functions of this moment, as the call is one of them: a reload in between knows neither it nor what it names.
    const registry = this.#parts.registry();
    return transactions.write({
      by: call.path,
      lock: client.id,
      body: async (connection) => {
        const run = new Run(registry, client.caller, this.#parts.warn);
        const work = run.mutation(call, connection.db);
        const value = await withTimeLimit(environment, limits.mutationTimeoutMs, call.path, work, () =>
          connection.destroy(),
        );
        const valueText = encodeResult(call.path, value, limits.resultBytes);
        const next = recordAfter(valueText);
        const deciding = this.#advance(connection, client, number, next);
        return { value: { valueText, next }, invalidations: run.invalidations, deciding };
      },
      wentThrough: (connection) => clientRecords.isDecided(connection, client.id, number),
      committed: (_value, revision) => committed(revision),
    });
  }

  /** Records a failure. Nothing of the mutation is left but its number. */
  async #fail(
    client: RecordedClient,
    record: ClientRecord,
    request: MutationRequest,
    outcome: string,
  ): Promise<Applied> {
    const next = advanced(record, request.number, outcome, request.confirmedUpTo, this.#parts.environment.now());
    try {
      await this.#parts.transactions.internalTransaction(
        async () => {},
        (connection) => this.#advance(connection, client, request.number, next),
      );
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return this.#reload(client, request.number, error);
      throw error;
    }
    client.record = next;
    return { outcome, revision: undefined };
  }

  #advance(connection: DatabaseConnection, client: RecordedClient, number: number, next: ClientRecord): Statement {
    return clientRecords.advance(connection, client.id, number, next, next.touched !== client.record?.touched);
  }

  /**
   * The record was not as it was known: another socket of the client, or another server, has changed it.
   * @throws {AlreadyDecidedError} when it has changed back since: then the mutation is not decided.
   */
  async #reload(client: RecordedClient, number: number, error: AlreadyDecidedError): Promise<Applied> {
    const record = await this.#readRecord(client);
    client.record = record;
    const refused = refusal(client, record, number);
    if (refused !== undefined) return { outcome: refused, revision: undefined };
    if (number > record.lastDecided) throw error;
    return this.#decidedBefore(record, number);
  }

  async #readRecord({ id, caller }: RecordedClient): Promise<ClientRecord> {
    return (
      (await this.#parts.transactions.internalTransaction((connection) => clientRecords.load(connection, id))) ??
      fresh(caller)
    );
  }

  #decidedBefore(record: ClientRecord, number: number): Applied {
    const outcome = record.outcomes.get(number);
    // Its writes, if any, were committed before now: whatever is read from here on contains them.
    return { outcome: outcome ?? detailsGone(), revision: this.#parts.transactions.revision };
  }
}

/** The record of a client without a decided mutation. */
function fresh({ fingerprint }: Caller): ClientRecord {
  return { identity: fingerprint ?? "", lastDecided: 0, outcomes: new Map(), touched: 0 };
}

/** Why mutation `n` may be neither run nor told its outcome. Undefined: one of both may be. */
function refusal({ caller }: RecordedClient, record: ClientRecord, number: number): string | undefined {
  if (record.identity !== (caller.fingerprint ?? "")) return notYours(number <= record.lastDecided);
  return number > record.lastDecided + 1 ? outOfOrder() : undefined;
}

function outOfOrder(): string {
  return encodeFailure({
    kind: "unavailable",
    // It may have been sent before, and its number forgotten with the client's record.
    reason: "outcomeUnknown",
    message:
      "The server no longer knows this client (24 h without a mutation). It was not run now; load the page again.",
  });
}

function notYours(isDecided: boolean): string {
  return encodeFailure({
    kind: "unavailable",
    reason: isDecided ? "outcomeUnknown" : "identityChanged",
    message: `This client id belongs to another identity. ${isDecided ? "Its outcomes are told to that one only" : "Nothing was written"}.`,
  });
}

function detailsGone(): string {
  return encodeFailure({
    kind: "unavailable",
    reason: "outcomeUnknown",
    message: "This mutation has been decided before; its result is no longer known.",
  });
}
