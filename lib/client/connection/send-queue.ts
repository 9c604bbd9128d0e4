import type { Cancel, Environment } from "../../environment/environment.ts";
import type { ClientMessage, Connect } from "../../protocol/client-message.ts";
import type { Connection } from "./connection.ts";
import { SendRate } from "./send-rate.ts";

export interface SendQueuePorts {
  /** The next message to send; undefined when there is none now. */
  next(): ClientMessage | undefined;
  /** No more can be sent now. */
  done(): void;
}

/** Sends what is due, in order, as fast as the server allows. */
export class SendQueue {
  readonly #environment: Environment;
  readonly #connection: Connection;
  readonly #ports: SendQueuePorts;
  readonly #pace = new SendRate();
  #cancelTimer: Cancel = () => {};

  constructor(environment: Environment, connection: Connection, ports: SendQueuePorts) {
    this.#environment = environment;
    this.#connection = connection;
    this.#ports = ports;
  }

  /** A new socket is open. */
  open(connect: Connect): void {
    this.#pace.start();
    this.#connection.send(connect);
    this.send();
  }

  /** Sends what is due; what the rate does not allow now is sent by a timer. */
  send(): void {
    this.#cancelTimer();
    const { messagesPerSecond } = this.#connection.limits;
    const now = this.#environment.now();
    while (this.#connection.canSend) {
      const wait = this.#pace.wait(now, messagesPerSecond);
      if (wait > 0) {
        this.#cancelTimer = this.#environment.after(wait, () => this.send());
        break;
      }
      const message = this.#ports.next();
      if (message === undefined) break;
      this.#pace.spend(now, messagesPerSecond);
      this.#connection.send(message);
    }
    this.#ports.done();
  }

  close(): void {
    this.#cancelTimer();
  }
}
