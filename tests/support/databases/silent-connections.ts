import { ConnectionLostError, type DatabaseConnection, type Driver } from "../../../lib/database/driver/driver.ts";
import { DriverAround } from "./contract/driver-around.ts";

type Step = "begin" | "commit" | "rollback";

/** A step whose answer never comes. The database carries it out only if `isDone`; then `fell` is called. */
interface Silence {
  step: Step;
  isDone: boolean;
  fell(): void;
}

/** A database of which, when told, one connection stops answering without breaking, or that cannot be reached at all. */
export class SilentConnections extends DriverAround {
  isAway = false;
  #next: Silence | undefined;

  constructor(driver: Driver) {
    super(driver, {});
  }

  /** Resolves when the next such step has been called, and carried out if `isDone`. Its answer never comes. */
  silenceAt(step: Step, isDone: boolean): Promise<void> {
    return new Promise((fell) => {
      this.#next = { step, isDone, fell };
    });
  }

  override async connect(): Promise<DatabaseConnection> {
    if (this.isAway) throw new ConnectionLostError("No server listens there.");
    return new Proxy(await super.connect(), {
      get: (connection, name) => {
        const value = Reflect.get(connection, name, connection);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          const silence = this.#next?.step === name ? this.#next : undefined;
          if (!silence) return value.apply(connection, args);
          this.#next = undefined;
          const done: Promise<unknown> = silence.isDone ? value.apply(connection, args) : Promise.resolve();
          void done.then(silence.fell);
          return new Promise(() => {});
        };
      },
    });
  }
}
