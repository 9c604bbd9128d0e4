import { behavesAsDriver } from "./behaves-as-driver.ts";
import { openPostgres } from "./postgres.ts";
import { describeWithPostgres } from "./with-postgres.ts";

const log = { info() {}, warn() {}, error() {} };

await describeWithPostgres("PostgreSQL", (server) => {
  behavesAsDriver("PostgreSQL", {
    open: (schema) => openPostgres({ url: server.url, schema, log }),
    cutConnections: () => server.endConnections(),
    concurrent: true,
  });
});
