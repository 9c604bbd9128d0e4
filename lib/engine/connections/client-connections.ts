import type { Caller } from "../../auth/caller.ts";
import type { DatabaseConnection } from "../../database/driver/driver.ts";
import { CloseCode } from "../../protocol/close-codes.ts";
import type { SocketLike } from "../../protocol/socket.ts";
import { clientRecords } from "../client-records/client-record.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { TransitionSink } from "../rerun/rerun-loop.ts";
import { TransitionFrames } from "../views/transition-frames.ts";
import type { AnswerBudget } from "./answer-budget.ts";
import { ClientConnection, type ClientConnectionParts } from "./client-connection.ts";

/** Over how many milliseconds the clients of a server that stops come back. */
const DRAIN_SPREAD_MS = 2_000;

/** Every open connection, and which of them are due a transition. */
export class ClientConnections implements TransitionSink {
  readonly #random: () => number;
  readonly #answers: AnswerBudget;
  readonly #all = new Set<ClientConnection>();
  #draining = false;
  /** Connections with something to send or to look up. */
  #waiting = new Set<ClientConnection>();
  readonly #lookups = new Set<ClientConnection>();
  /** Due, but something that they show or ask for is unsettled: they are looked at again each time. */
  readonly #heldBack = new Set<ClientConnection>();
  /** Of the revision that was sent last. */
  #frames = new TransitionFrames(0);

  /** @param random From 0 to 1, exclusive. */
  constructor(random: () => number, answers: AnswerBudget) {
    this.#random = random;
    this.#answers = answers;
  }

  /** Takes an accepted socket. @param address Of the client, if it is one that can be trusted. */
  open(
    parts: ClientConnectionParts,
    socket: SocketLike,
    caller: Caller,
    address: string | undefined,
  ): ClientConnection {
    const connection = new ClientConnection(parts, socket, caller, address);
    this.#all.add(connection);
    if (this.#draining) this.#drain(connection);
    return connection;
  }

  delete(connection: ClientConnection): void {
    this.#all.delete(connection);
    this.#waiting.delete(connection);
    this.#lookups.delete(connection);
    this.#heldBack.delete(connection);
  }

  /** The functions have been replaced: every query of every client is found and parsed anew. */
  rebindAll(): void {
    this.#forEach(({ view }) => view.rebindAll());
  }

  /** Tells every client something for the author of the functions. */
  notice(message: string): void {
    this.#forEach((connection) => connection.notice(message));
  }

  /** Tells every client, now and from now on, to leave and to come back later. */
  drain(): void {
    this.#draining = true;
    this.#forEach((connection) => this.#drain(connection));
  }

  /** Clients come back spread out, so that the next server is not asked by all of them at once. */
  #drain(connection: ClientConnection): void {
    connection.drain(Math.round(this.#random() * DRAIN_SPREAD_MS));
  }

  close(): void {
    this.#forEach((connection) => connection.close(CloseCode.serviceRestart, "The server restarts."));
  }

  /** What fails for one of them ends with that one, and the others have their turn. */
  #forEach(serve: (connection: ClientConnection) => void, connections: Iterable<ClientConnection> = this.#all): void {
    for (const connection of [...connections]) {
      try {
        serve(connection);
      } catch (error) {
        connection.failed(error);
      }
    }
  }

  /** This connection is due a transition, or something to be looked up before it. */
  markWaiting(connection: ClientConnection): void {
    if (!this.#all.has(connection)) return;
    this.#waiting.add(connection);
    if (connection.view.hasLookup) this.#lookups.add(connection);
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  get hasLookups(): boolean {
    return this.#lookups.size > 0;
  }

  async lookUp(database: DatabaseConnection, revision: number): Promise<void> {
    const asking = [...this.#lookups];
    const ids = asking.flatMap(({ clientId }) => clientId ?? []);
    const records = await clientRecords.lookUp(database, ids);
    this.#forEach((connection) => {
      this.#lookups.delete(connection);
      const { clientId } = connection;
      if (clientId !== undefined) connection.view.lookedUp(records.get(clientId), revision);
      this.markWaiting(connection);
    }, asking);
  }

  framesOf(revision: number): TransitionFrames {
    if (this.#frames.revision !== revision) this.#frames = new TransitionFrames(revision);
    return this.#frames;
  }

  deliver(revision: number, unsettled: ReadonlySet<LiveQuery>, detached: ReadonlySet<LiveQuery>): void {
    const frames = this.framesOf(revision);
    const due = this.#heldBack.size === 0 ? this.#waiting : new Set([...this.#heldBack, ...this.#waiting]);
    this.#waiting = new Set();
    this.#heldBack.clear();
    this.#forEach((connection) => {
      if (unsettled.size > 0 && connection.view.isHeld) {
        this.#heldBack.add(connection);
        return;
      }
      const blocking = unsettled.size === 0 ? unsettled : connection.view.showing(unsettled);
      if (blocking.size === 0) {
        connection.view.flush(frames, unsettled);
        // A commit after this revision: nothing else might call for the transition that reflects it.
        if (connection.view.awaitsMoreThan(revision)) this.markWaiting(connection);
        if (connection.view.hasNews) this.#heldBack.add(connection);
      } else this.#holdBack(connection, blocking, detached, unsettled);
    }, due);
    this.#answers.relieve(this.#all);
  }

  /** If all that it waits for runs at this very revision, the connection can have the state of this revision later. */
  #holdBack(
    connection: ClientConnection,
    blocking: ReadonlySet<LiveQuery>,
    detached: ReadonlySet<LiveQuery>,
    unsettled: ReadonlySet<LiveQuery>,
  ): void {
    this.#heldBack.add(connection);
    for (const live of blocking) if (!detached.has(live)) return;
    connection.view.hold(new Set(blocking), unsettled);
  }
}
