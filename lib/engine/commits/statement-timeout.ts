import { ConnectionLostError, type DatabaseConnection } from "../../database/driver/driver.ts";
import type { Environment } from "../../environment/environment.ts";

/**
 * Waits for what the framework itself asks of a connection: a BEGIN, a COMMIT, a row of its own tables. One that does
 * not answer in time is ended, as if it had been lost: something on the way may have forgotten it, which TCP finds out
 * after a quarter of an hour, and all else would wait for it as long.
 * @throws {ConnectionLostError} when it takes longer than `ms` milliseconds.
 */
export function withStatementTimeout<T>(
  environment: Environment,
  ms: number,
  connection: DatabaseConnection,
  asked: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = environment.after(ms, () => {
      connection.destroy();
      reject(new ConnectionLostError(`The database has not answered for ${ms} ms: the connection was ended.`));
    });
    asked.then(
      (answer) => {
        cancel();
        resolve(answer);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}
