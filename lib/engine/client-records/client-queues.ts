import type { Caller } from "../../auth/caller.ts";
import type { Environment } from "../../environment/environment.ts";
import { ClientSession, type ClientSessionParts, type Spokesman } from "./client-queue.ts";
import type { Mutations } from "./mutations.ts";

/** The client sessions that have a socket on this server, or a mutation that still runs. */
export class ClientSessions {
  readonly #parts: ClientSessionParts;
  readonly #sessions = new Map<string, ClientSession>();

  constructor(mutations: Mutations, environment: Environment) {
    this.#parts = {
      mutations,
      environment,
      idle: ({ id, caller }) => this.#sessions.delete(keyOf(id, caller)),
    };
  }

  /** The session of this id as this caller, with `spokesman` as the one that speaks for it. */
  attach(id: string, caller: Caller, spokesman: Spokesman): ClientSession {
    const key = keyOf(id, caller);
    let session = this.#sessions.get(key);
    if (!session) {
      session = new ClientSession(id, caller, this.#parts);
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

/** No two pairs have the same: an id holds no space. */
function keyOf(id: string, { key }: Caller): string {
  return key === "" ? id : `${id} ${key}`;
}
