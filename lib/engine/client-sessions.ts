import type { Environment } from "../environment/environment.ts";
import type { Caller } from "./caller.ts";
import { ClientSession, type Spokesman } from "./client-session.ts";
import type { Mutations } from "./mutations.ts";

/** The client sessions that have a socket on this server, or a mutation that still runs. */
export class ClientSessions {
  readonly #mutations: Mutations;
  readonly #environment: Environment;
  readonly #sessions = new Map<string, ClientSession>();

  constructor(mutations: Mutations, environment: Environment) {
    this.#mutations = mutations;
    this.#environment = environment;
  }

  /** The session of this id as this caller, with `spokesman` as the one that speaks for it. */
  attach(id: string, caller: Caller, spokesman: Spokesman): ClientSession {
    const key = `${id} ${caller.key}`;
    let session = this.#sessions.get(key);
    if (!session) {
      session = new ClientSession(id, caller, this.#mutations, this.#environment, () => this.#sessions.delete(key));
      this.#sessions.set(key, session);
    }
    session.attach(spokesman);
    return session;
  }

  /** Resolves when no mutation of any session waits or runs. */
  async settled(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.settled()));
  }
}
