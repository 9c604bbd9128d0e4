import type { Connection } from "../../database/driver/driver.ts";
import { sessionRecords } from "../client-records/client-record.ts";
import type { LiveQuery } from "../queries/live-query.ts";
import type { Audience } from "../queries/rerun-loop.ts";
import type { Session } from "./client-connection.ts";
import { TransitionFrames } from "./transition-frames.ts";

/** Every connected session, and which of them are due a transition. */
export class Sessions implements Audience {
  readonly #all = new Set<Session>();
  /** Sessions with something to say or to look up. */
  #waiting = new Set<Session>();
  readonly #lookups = new Set<Session>();
  /** Due, but something that they show or ask for is unsettled: they are looked at again each time. */
  readonly #heldBack = new Set<Session>();
  /** Of the position that was sent last. */
  #frames = new TransitionFrames(0);

  add(session: Session): void {
    this.#all.add(session);
  }

  delete(session: Session): void {
    this.#all.delete(session);
    this.#waiting.delete(session);
    this.#lookups.delete(session);
    this.#heldBack.delete(session);
  }

  /** This session is due a transition, or something to be looked up before it. */
  markWaiting(session: Session): void {
    if (!this.#all.has(session)) return;
    this.#waiting.add(session);
    if (session.looksUp !== undefined) this.#lookups.add(session);
  }

  get all(): ReadonlySet<Session> {
    return this.#all;
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  get hasLookups(): boolean {
    return this.#lookups.size > 0;
  }

  async lookUp(connection: Connection, position: number): Promise<void> {
    const asking = [...this.#lookups];
    const ids = asking.map((session) => session.looksUp).filter((id) => id !== undefined);
    const records = await sessionRecords.lookUp(connection, ids);
    for (const session of asking) {
      this.#lookups.delete(session);
      const id = session.looksUp;
      if (id !== undefined) session.lookedUp(records.get(id), position);
      this.markWaiting(session);
    }
  }

  framesOf(position: number): TransitionFrames {
    if (this.#frames.position !== position) this.#frames = new TransitionFrames(position);
    return this.#frames;
  }

  deliver(position: number, unsettled: ReadonlySet<LiveQuery>, leaving: ReadonlySet<LiveQuery>): void {
    const frames = this.framesOf(position);
    const due = this.#heldBack.size === 0 ? this.#waiting : new Set([...this.#heldBack, ...this.#waiting]);
    this.#waiting = new Set();
    this.#heldBack.clear();
    for (const session of due) {
      const blocking = unsettled.size === 0 ? unsettled : session.showing(unsettled);
      if (blocking.size === 0) {
        session.flush(frames, unsettled);
        // A commit after this position: nothing else might call for the transition that reflects it.
        if (session.awaitsMoreThan(position)) this.markWaiting(session);
        if (session.hasNews) this.#heldBack.add(session);
      } else this.#holdBack(session, blocking, leaving, unsettled);
    }
  }

  /** If all that it waits for runs at this very position, the session can have the state of this position later. */
  #holdBack(
    session: Session,
    blocking: ReadonlySet<LiveQuery>,
    leaving: ReadonlySet<LiveQuery>,
    unsettled: ReadonlySet<LiveQuery>,
  ): void {
    this.#heldBack.add(session);
    for (const live of blocking) if (!leaving.has(live)) return;
    session.hold(new Set(blocking), unsettled);
  }
}
