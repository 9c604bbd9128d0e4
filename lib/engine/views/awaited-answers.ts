import type { Cancel, Environment } from "../../environment/environment.ts";
import type { Subscription } from "./subscriptions.ts";

/** A reply that waits for the first answers of some queries. */
interface WaitingReply {
  readonly awaited: readonly Subscription[];
  readonly send: () => void;
  readonly cancelLimit: Cancel;
}

/**
 * Keeps back the reply to a mutation until the queries that the client had asked for before it have their first answer, or
 * an error: `mutate()` resolves when the page shows the write in all of them. Queries that it has asked for later do not
 * count, and no reply waits longer than a query may take.
 *
 * It is the reply that waits, and not what says that the mutation is reflected: its optimistic update ends with that, in
 * the transition that brings its writes to the queries that are shown already.
 */
export class AwaitedAnswers {
  readonly #environment: Environment;
  readonly #limitMs: number;
  /** For mutations that are not decided: what had no answer when they arrived. */
  #arrived: { readonly request: number; readonly awaited: readonly Subscription[] }[] = [];
  #replies: WaitingReply[] = [];
  #isLeaving = false;

  /** @param limitMs How long a reply waits at most, in milliseconds. */
  constructor(environment: Environment, limitMs: number) {
    this.#environment = environment;
    this.#limitMs = limitMs;
  }

  /** @param unanswered The subscriptions of which the client has been told nothing yet. */
  arrived(request: number, unanswered: readonly Subscription[]): void {
    if (unanswered.length > 0) this.#arrived.push({ request, awaited: [...unanswered] });
  }

  /** The mutation has failed: there is no write to wait for. */
  failed(request: number): void {
    this.#arrived = this.#arrived.filter((mutation) => mutation.request !== request);
  }

  /** The mutation has succeeded: `send` is called when the client has been told what it waits for. */
  succeeded(request: number, send: () => void, unanswered: readonly Subscription[]): void {
    const awaited = this.#arrived.find((mutation) => mutation.request === request)?.awaited ?? [];
    this.failed(request);
    if (this.#isLeaving || !isAny(awaited, unanswered)) return send();
    const cancelLimit = this.#environment.after(this.#limitMs, () => this.#release((reply) => reply.send === send));
    this.#replies.push({ awaited, send, cancelLimit });
  }

  /** The client has been told something, or waits for less. */
  told(unanswered: readonly Subscription[]): void {
    if (this.#replies.length > 0) this.#release(({ awaited }) => !isAny(awaited, unanswered));
  }

  /** The client is to leave: no reply waits, now and from now on. */
  releaseAll(): void {
    this.#isLeaving = true;
    this.#release(() => true);
  }

  /** The client is gone. */
  close(): void {
    for (const { cancelLimit } of this.#replies) cancelLimit();
    this.#replies = [];
  }

  #release(isDue: (reply: WaitingReply) => boolean): void {
    const due = this.#replies.filter(isDue);
    this.#replies = this.#replies.filter((reply) => !due.includes(reply));
    for (const { send, cancelLimit } of due) {
      cancelLimit();
      send();
    }
  }
}

function isAny(some: readonly Subscription[], others: readonly Subscription[]): boolean {
  return some.some((subscription) => others.includes(subscription));
}
