import type { Casing, DatabaseConnection, Driver, Failure, Statement } from "../../../../lib/database/driver/driver.ts";

/** The functions that replace the driver's own. */
export interface Otherwise {
  commit?(connection: DatabaseConnection, deciding?: Statement): Promise<boolean>;
  close?(): Promise<void>;
}

/** A driver for tests that wraps another one and replaces some of its functions. */
export class DriverAround implements Driver {
  readonly #driver: Driver;
  readonly #otherwise: Otherwise;

  constructor(driver: Driver, otherwise: Otherwise) {
    this.#driver = driver;
    this.#otherwise = otherwise;
  }

  get dialect(): Driver["dialect"] {
    return this.#driver.dialect;
  }

  get connections(): number {
    return this.#driver.connections;
  }

  get overlaps(): boolean {
    return this.#driver.overlaps;
  }

  get runsInCall(): boolean {
    return this.#driver.runsInCall;
  }

  get shared(): boolean {
    return this.#driver.shared;
  }

  get description(): string {
    return this.#driver.description;
  }

  get secret(): string | undefined {
    return this.#driver.secret;
  }

  set secret(secret: string) {
    this.#driver.secret = secret;
  }

  async connect(): Promise<DatabaseConnection> {
    const connection = await this.#driver.connect();
    const { commit } = this.#otherwise;
    if (!commit) return connection;
    return {
      get db() {
        return connection.db;
      },
      get isSpent() {
        return connection.isSpent;
      },
      dialect: connection.dialect,
      begin: (mode, lock) => connection.begin(mode, lock),
      execute: (sql, params) => connection.execute(sql, params),
      change: (sql, params) => connection.change(sql, params),
      commit: (deciding) => commit(connection, deciding),
      rollback: () => connection.rollback(),
      release: () => connection.release(),
      destroy: () => connection.destroy(),
    };
  }

  useSchema(schema: Record<string, unknown>, casing?: Casing): void {
    this.#driver.useSchema(schema, casing);
  }

  classify(error: unknown): Failure {
    return this.#driver.classify(error);
  }

  close(): Promise<void> {
    return this.#otherwise.close?.() ?? this.#driver.close();
  }
}
