import type { Cancel, Environment } from "../environment/environment.ts";
import type { QueryKey } from "../functions/query-key.ts";
import type { ClientMessage, Connect } from "../protocol/client-message.ts";
import type { Limits } from "../protocol/server-message.ts";
import type { Answer } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { BadRequestError, type FunctionError, UnavailableError } from "./errors.ts";
import { Pace } from "./pace.ts";
import type { PendingActions } from "./pending-actions.ts";
import type { PendingMutations } from "./pending-mutations.ts";
import type { QuerySet } from "./query-set.ts";
import { questionOf, type WireArgs } from "./question.ts";
import { fitsFrame, subscribeMessage } from "./subscribe-message.ts";

/** What holds until a server has stated its own limits. */
const USUAL_LIMITS: Omit<Limits, "pingEvery" | "deadAfter"> = {
  subscriptions: 256,
  unacknowledgedMutations: 32,
  messagesPerSecond: 50,
  frameBytes: 1024 * 1024,
};

/** Where there may be something to say, and whom to tell what cannot be said. */
export interface OutboxPorts {
  readonly questions: QuerySet;
  readonly mutations: PendingMutations;
  readonly actions: PendingActions;
  held(key: QueryKey): Answer | undefined;
  refuse(key: QueryKey, error: FunctionError): void;
  /** Nothing more can be said now. */
  done(): void;
}

/** Says what the stores have to say, in order, within the limits that the server has stated. */
export class Outbox {
  readonly #environment: Environment;
  readonly #connection: Connection;
  readonly #ports: OutboxPorts;
  readonly #pace = new Pace();
  #limits = USUAL_LIMITS;
  #cancelTimer: Cancel = () => {};

  constructor(environment: Environment, connection: Connection, ports: OutboxPorts) {
    this.#environment = environment;
    this.#connection = connection;
    this.#ports = ports;
  }

  /** A new socket. Questions follow `Connect` at once; calls wait until the server has said who we are. */
  open(connect: Connect): void {
    this.#pace.start(this.#environment.now(), this.#limits.messagesPerSecond);
    this.#connection.send(connect);
    this.send();
  }

  limit(limits: Limits): void {
    this.#limits = limits;
    this.#pace.limit(limits.messagesPerSecond);
  }

  /** @throws {BadRequestError} when a call with these arguments could never be sent. */
  check(path: string, args: WireArgs): void {
    if (!fitsFrame(JSON.stringify(args), this.#limits.frameBytes)) throw this.#tooLarge(path);
  }

  close(): void {
    this.#cancelTimer();
  }

  /** Says whatever is due, as fast as the server allows; the rest when it does. */
  send(): void {
    this.#cancelTimer();
    while (this.#connection.canSend) {
      const wait = this.#pace.wait(this.#environment.now());
      if (wait > 0) {
        this.#cancelTimer = this.#environment.after(wait, () => this.send());
        break;
      }
      const message = this.#next();
      if (message === undefined) break;
      this.#pace.spend();
      this.#connection.send(message);
    }
    this.#ports.done();
  }

  #next(): ClientMessage | undefined {
    const unwanted = this.#ports.questions.takeUnwanted();
    if (unwanted.length > 0) return { type: "Unsubscribe", queries: unwanted };
    return this.#nextQuestions() ?? (this.#connection.phase.state === "open" ? this.#nextCall() : undefined);
  }

  #nextQuestions(): ClientMessage | undefined {
    const { questions, held, refuse } = this.#ports;
    const { subscriptions, frameBytes } = this.#limits;
    const { room, beyond } = questions.toSay(subscriptions);
    for (const { key } of beyond) refuse(key, tooMany(subscriptions));
    const message = subscribeMessage(room, held, frameBytes);
    for (const question of room.slice(0, message.queries.length)) questions.said(question, held(question.key));
    if (message.queries.length > 0) return message;
    const [large] = room;
    if (large === undefined) return undefined;
    questions.answered(large, undefined);
    refuse(large.key, this.#tooLarge(questionOf(large.key).path));
    return this.#nextQuestions();
  }

  #nextCall(): ClientMessage | undefined {
    const { mutations, actions } = this.#ports;
    const mutation = mutations.toSend(this.#limits.unacknowledgedMutations);
    if (mutation) {
      const { path, args } = mutation;
      return { type: "Mutate", request: mutations.sent(mutation), path, args, confirmedUpTo: mutations.confirmedUpTo };
    }
    const action = actions.toSend();
    if (action === undefined) return undefined;
    action.isOnWire = true;
    const { request, path, args } = action;
    return { type: "Act", request, path, args };
  }

  #tooLarge(path: string): BadRequestError {
    const { frameBytes } = this.#limits;
    return new BadRequestError(`The arguments of ${path} are too large: the server takes ${frameBytes} bytes at once.`);
  }
}

function tooMany(limit: number): UnavailableError {
  return new UnavailableError(`This page watches more than the ${limit} queries that the server allows.`);
}
