import type { Environment } from "../environment/environment.ts";
import type { SocketLike } from "../protocol/socket.ts";

/** Above this many unsent bytes a client is sent nothing more; it gets the state of then once it has read. */
const PAUSE_BYTES = 1024 * 1024;
const DROP_BYTES = 8 * 1024 * 1024;
/** How long a paused client may make no progress, in milliseconds. */
const DROP_AFTER = 30_000;

/** What to do about a client: go on, wait until it has read, or let it go. */
export type Pressure = "flows" | "paused" | "lost";

/** How one client keeps up with what it is sent. A slow one costs results, not memory. */
export class SlowReader {
  readonly #socket: SocketLike;
  readonly #environment: Environment;
  /** Defined while it is paused: since when there was no progress, and how many bytes were unsent then. */
  #paused: { since: number; buffered: number } | undefined;

  constructor(socket: SocketLike, environment: Environment) {
    this.#socket = socket;
    this.#environment = environment;
  }

  /** @param lastFrame The length of what was sent last: a single large answer is no reason to let anybody go. */
  pressure(lastFrame: number): Pressure {
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount <= PAUSE_BYTES) {
      this.#paused = undefined;
      return "flows";
    }
    const now = this.#environment.now();
    if (!this.#paused || bufferedAmount < this.#paused.buffered)
      this.#paused = { since: now, buffered: bufferedAmount };
    const isLost = now - this.#paused.since >= DROP_AFTER || bufferedAmount > DROP_BYTES + lastFrame;
    return isLost ? "lost" : "paused";
  }
}
