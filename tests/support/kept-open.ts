import type { Connection, Driver } from "../../lib/database/driver.ts";

/** The same database for one world after another: opening one takes longer than most stories. */
export class KeptOpen implements Driver {
  readonly #driver: Driver;

  constructor(driver: Driver) {
    this.#driver = driver;
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

  connect(): Promise<Connection> {
    return this.#driver.connect();
  }

  useSchema(tables: Record<string, unknown>): void {
    this.#driver.useSchema(tables);
  }

  classify(error: unknown): ReturnType<Driver["classify"]> {
    return this.#driver.classify(error);
  }

  async close(): Promise<void> {}
}
