import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import type { MessageBudget } from "../run/message-budget.ts";
import { ClientQueue, type ClientQueueParts, type QueueListener } from "./client-queue.ts";
import type { Mutations } from "./mutations.ts";

/** The queues of the clients that have a socket on this server, or a mutation that still runs. */
export class ClientQueues {
  readonly #parts: ClientQueueParts;
  readonly #queues = new Map<string, ClientQueue>();

  constructor(mutations: Mutations, environment: Environment, messageBudget: MessageBudget) {
    this.#parts = {
      mutations,
      environment,
      messageBudget,
      idle: ({ id, caller }) => this.#queues.delete(keyOf(id, caller)),
    };
  }

  /** The queue of this client id as this caller. From now on it tells `listener` of its outcomes, and no other. */
  attach(id: string, caller: Caller, listener: QueueListener): ClientQueue {
    const key = keyOf(id, caller);
    let queue = this.#queues.get(key);
    if (!queue) {
      queue = new ClientQueue(id, caller, this.#parts);
      this.#queues.set(key, queue);
    }
    queue.attach(listener);
    return queue;
  }

  /** Resolves when no mutation of any client waits or runs. */
  async settled(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.settled()));
  }
}

/** No two pairs have the same: an id holds no space. */
function keyOf(id: string, { key }: Caller): string {
  return key === "" ? id : `${id} ${key}`;
}
