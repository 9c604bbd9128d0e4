import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { extname } from "node:path";
import type { Casing, Dialect } from "../../database/driver/driver.ts";
import { installCommandOf } from "../../project/install-command.ts";
import type { DrizzleKitReply, DrizzleKitRequest, SchemaRead } from "./drizzle-kit-child.ts";
import type { SchemaSnapshot } from "./snapshot.ts";

/** drizzle-kit could not read a schema or plan a change. */
export class UnplannedError extends Error {
  override name = "UnplannedError";
  /** drizzle-kit would have asked a person whether something was renamed. */
  readonly needsAnswer: boolean;

  constructor(message: string, needsAnswer: boolean) {
    super(message);
    this.needsAnswer = needsAnswer;
  }
}

/** Runs drizzle-kit in a child process, which stays for later requests: the first takes a second, later ones little. */
export class DrizzleKitProcess {
  #child: ChildProcess | undefined;
  /** Settles when the request before is answered: requests run one at a time. */
  #before: Promise<unknown> = Promise.resolve();

  /**
   * Reads a schema.
   * @param schemaPath The absolute path of `convex/schema.ts`. The file is read each time.
   * @param casing How columns without a name of their own are named in the database. Default: as in the schema.
   * @throws {UnplannedError} when the schema does not load.
   */
  async read(schemaPath: string, casing?: Casing): Promise<SchemaRead> {
    const reply = await this.#ask({ type: "read", schemaPath, casing });
    if (reply.type === "schema") return reply;
    throw new UnplannedError("drizzle-kit gave another answer", false);
  }

  /**
   * The statements that change one schema into the other, in order. They may lose data.
   * @throws {UnplannedError} when drizzle-kit fails, or would ask a question.
   */
  async plan(dialect: Dialect, from: SchemaSnapshot, to: SchemaSnapshot): Promise<string[]> {
    const reply = await this.#ask({ type: "plan", dialect, from, to });
    if (reply.type === "planned") return reply.statements;
    throw new UnplannedError("drizzle-kit gave another answer", false);
  }

  /** Ends the process. A later request starts another. */
  close(): void {
    this.#child?.kill();
    this.#child = undefined;
  }

  #ask(request: DrizzleKitRequest): Promise<DrizzleKitReply> {
    const answer = this.#before.then(() => this.#askNow(request));
    this.#before = answer.catch(() => {});
    return answer;
  }

  #askNow(request: DrizzleKitRequest): Promise<DrizzleKitReply> {
    const child = this.#running();
    return new Promise<DrizzleKitReply>((resolve, reject) => {
      const onMessage = (reply: DrizzleKitReply): void =>
        end(() =>
          reply.type === "unplanned" ? reject(new UnplannedError(reply.message, reply.needsAnswer)) : resolve(reply),
        );
      const onExit = (): void =>
        end(() => reject(new UnplannedError("the process that runs drizzle-kit ended", false)));
      const end = (settle: () => void): void => {
        child.off("message", onMessage).off("exit", onExit).off("error", onExit);
        settle();
      };
      child.on("message", onMessage).on("exit", onExit).on("error", onExit);
      if (child.connected) child.send(request);
    });
  }

  #running(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    expectDrizzleKit();
    const file = new URL(`./drizzle-kit-child${extname(import.meta.url)}`, import.meta.url);
    // No terminal, so that drizzle-kit fails where it would ask a question.
    this.#child = fork(file, { stdio: ["ignore", "ignore", "ignore", "ipc"], serialization: "advanced", execArgv: [] });
    return this.#child;
  }
}

/** An application that only applies migrations has no need of it. @throws {UnplannedError} when it is not installed. */
function expectDrizzleKit(): void {
  try {
    createRequire(import.meta.url).resolve("drizzle-kit/api");
  } catch {
    const install = installCommandOf(["-D", "drizzle-kit"]);
    throw new UnplannedError(`This needs the package drizzle-kit. Run \`${install}\`, and start again.`, false);
  }
}
