import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { describeWithPostgres } from "../../../tests/support/databases/with-postgres.ts";
import { openPostgres } from "./postgres.ts";

const log = { info() {}, warn() {}, error() {} };

await describeWithPostgres("PostgreSQL", (server) => {
  behavesAsDriver("PostgreSQL", {
    dialect: "pg",
    open: ({ port, ...options }) => openPostgres({ url: through(server.url, port), log, ...options }),
    cutConnections: () => server.endConnections(),
    port: Number(new URL(server.url).port || 5432),
    writersConflict: true,
    commitsInOneTrip: true,
    reopens: true,
  });
});

function through(address: string, port: number | undefined): string {
  const url = new URL(address);
  if (port !== undefined) url.host = `127.0.0.1:${port}`;
  return url.href;
}
