import type { ClientMessage } from "../../protocol/client-message.ts";

/** The messages that begin something. */
const BEGINS: ReadonlySet<ClientMessage["type"]> = new Set(["Connect", "Subscribe", "Mutate", "Act"]);

/** The connection, as far as its departure needs it. */
export interface DeparturePort {
  /** Does something run for the client whose outcome it has not been told? */
  isBusy(): boolean;
  /** The client has all that it will get from this server: closes the socket. */
  leave(): void;
}

/**
 * How a client leaves a server that stops. A client that is told to leave may stay as long as it asks for nothing. One
 * that asks is turned away, as nothing more is begun: its socket is closed once it has the outcomes of what runs for it.
 */
export class Departure {
  readonly #port: DeparturePort;
  /** `draining`: the server stops soon. `turnedAway`: the client has asked for something that was not begun, too. */
  #state: "served" | "draining" | "turnedAway" = "served";

  constructor(port: DeparturePort) {
    this.#port = port;
  }

  /** The server stops soon: nothing that the client asks for from now on is begun. */
  drain(): void {
    if (this.#state === "served") this.#state = "draining";
  }

  /** Turns the client away if what it asks for is not begun any more. @returns whether that is so. */
  refuses({ type }: ClientMessage): boolean {
    if (this.#state === "served" || !BEGINS.has(type)) return false;
    this.turnAway();
    return true;
  }

  /** The client has asked for something that was not begun: it has to ask another server. */
  turnAway(): void {
    this.#state = "turnedAway";
    this.leaveIfTurnedAway();
  }

  /** Lets a client go that was turned away, unless it waits for the outcome of something that runs. */
  leaveIfTurnedAway(isBusy = this.#port.isBusy()): void {
    if (this.#state === "turnedAway" && !isBusy) this.#port.leave();
  }
}
