import type { Connection, Driver, Failure } from "../../lib/database/driver.ts";
import type { Engine, FunctionModules } from "../../lib/engine/engine.ts";
import type { RegisteredFunction } from "../../lib/functions/define.ts";
import type { Frame, SocketLike } from "../../lib/protocol/socket.ts";

/** Where in a mutation a server may end, in the order in which it comes by. */
export const POINTS = [
  "before the handler",
  "after its insert",
  "before COMMIT is sent",
  "after COMMIT, before anybody is told",
  "after the announcement, before the reply",
  "after the reply",
] as const;

export type Point = (typeof POINTS)[number];

/** The first of them at which the database holds the mutation. */
export const COMMITTED: Point = "after COMMIT, before anybody is told";

/**
 * Ends this process at one point of the mutation that adds the note of one text, as `kill -9` does: nothing is finished
 * and nobody is told. Stands at the engine's ports: the functions, the database and the sockets.
 */
export class Doom {
  readonly #point: Point;
  readonly #text: string;
  /** The mutation has been seen: what is committed or said next is of it, as only one is under way. */
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
    return new DoomedDriver(driver, async (commit) => {
      this.#pass("before COMMIT is sent");
      await commit();
      this.#pass("after COMMIT, before anybody is told");
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

/** Does as the driver does, and COMMIT as it is told to. */
class DoomedDriver implements Driver {
  readonly #driver: Driver;
  readonly #commit: (commit: () => Promise<void>) => Promise<void>;

  constructor(driver: Driver, commit: (commit: () => Promise<void>) => Promise<void>) {
    this.#driver = driver;
    this.#commit = commit;
  }

  get dialect(): Driver["dialect"] {
    return this.#driver.dialect;
  }

  get connections(): number {
    return this.#driver.connections;
  }

  get shared(): boolean {
    return this.#driver.shared;
  }

  get description(): string {
    return this.#driver.description;
  }

  async connect(): Promise<Connection> {
    const connection = await this.#driver.connect();
    const commit = this.#commit;
    return {
      get db() {
        return connection.db;
      },
      dialect: connection.dialect,
      begin: (mode) => connection.begin(mode),
      execute: (sql, params) => connection.execute(sql, params),
      change: (sql, params) => connection.change(sql, params),
      commit: () => commit(() => connection.commit()),
      rollback: () => connection.rollback(),
      release: () => connection.release(),
      destroy: () => connection.destroy(),
    };
  }

  useSchema(schema: Record<string, unknown>): void {
    this.#driver.useSchema(schema);
  }

  classify(error: unknown): Failure {
    return this.#driver.classify(error);
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}
