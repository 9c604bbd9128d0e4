import type { Driver } from "../../lib/database/driver/driver.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import type { FunctionModules } from "../../lib/engine/run/registry.ts";
import type { RegisteredFunction } from "../../lib/functions/define.ts";
import type { Frame, SocketLike } from "../../lib/protocol/socket.ts";
import { DriverAround } from "../support/databases/contract/driver-around.ts";

/** Where in a mutation a server may end, in the order of a run. */
export const POINTS = [
  "before the handler",
  "after its insert",
  "before COMMIT is sent",
  "after COMMIT, before the announcement",
  "after the announcement, before the reply",
  "after the reply",
] as const;

export type Point = (typeof POINTS)[number];

/** The first point at which the database holds the mutation. */
export const COMMITTED: Point = "after COMMIT, before the announcement";

/**
 * Ends this process at one point of the mutation that adds the note of one text, as `kill -9` does: nothing is finished
 * and nothing is sent. Wraps the engine's ports: the functions, the database and the sockets.
 */
export class Doom {
  readonly #point: Point;
  readonly #text: string;
  /** The mutation has begun. Only one runs at a time: the next commit and reply are its own. */
  #isNear = false;

  constructor(point: Point, text: string) {
    this.#point = point;
    this.#text = text;
  }

  /** @param functions With `notes.add`. */
  functions(functions: { notes: { add: RegisteredFunction<"mutation"> } }): FunctionModules {
    const { add } = functions.notes;
    const handler = async (ctx: Ctx, args: { text: string }) => {
      if (args.text !== this.#text) return add.handler(ctx as never, args as never);
      this.#isNear = true;
      this.#pass("before the handler");
      const invalidate = async (...announced: unknown[]) => {
        this.#pass("after its insert");
        await ctx.scheduler.invalidate(...announced);
      };
      return add.handler({ ...ctx, scheduler: { invalidate } } as never, args as never);
    };
    return { notes: { ...functions.notes, add: { ...add, handler } } } as unknown as FunctionModules;
  }

  driver(driver: Driver): Driver {
    return new DriverAround(driver, {
      commit: async (connection, deciding) => {
        this.#pass("before COMMIT is sent");
        const kept = await connection.commit(deciding);
        this.#pass("after COMMIT, before the announcement");
        return kept;
      },
    });
  }

  engine(engine: Engine): Engine {
    const say = (socket: SocketLike, frame: Frame) => {
      const isReply = frame.text.startsWith('{"type":"MutationSucceeded"');
      if (isReply) this.#pass("after the announcement, before the reply");
      socket.send(frame);
      if (isReply) this.#pass("after the reply");
    };
    const opened: Engine["opened"] = (socket, caller) =>
      engine.opened(
        {
          get bufferedAmount() {
            return socket.bufferedAmount;
          },
          send: (frame) => say(socket, frame),
          pause: () => socket.pause(),
          resume: () => socket.resume(),
          close: (code, reason) => socket.close(code, reason),
        },
        caller,
      );
    return { ...engine, opened };
  }

  #pass(point: Point): void {
    if (this.#isNear && point === this.#point) process.kill(process.pid, "SIGKILL");
  }
}

interface Ctx {
  scheduler: { invalidate(...announced: unknown[]): Promise<void> };
}
