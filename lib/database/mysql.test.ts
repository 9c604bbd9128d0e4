import { behavesAsDriver } from "./behaves-as-driver.ts";
import { openMysql } from "./mysql.ts";
import { describeWithMysql } from "./with-mysql.ts";

const log = { info() {}, warn() {}, error() {} };

await describeWithMysql("MySQL or MariaDB", (server) => {
  behavesAsDriver("MySQL or MariaDB", {
    dialect: "mysql",
    open: ({ port, ...options }) => openMysql({ url: through(server.url, port), log, ...options }),
    cutConnections: () => server.endConnections(),
    port: Number(new URL(server.url).port || 3306),
    writersConflict: true,
    reopens: true,
  });
});

function through(address: string, port: number | undefined): string {
  const url = new URL(address);
  if (port !== undefined) url.host = `127.0.0.1:${port}`;
  return url.href;
}
