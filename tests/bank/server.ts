/** The server of the bank: `node tests/bank/server.ts <port> <directory of PGlite> [another database's address]`. */
import { parseDatabaseUrl } from "../../lib/database/driver/database-url.ts";
import { serve } from "../faults/serve.ts";
import { patientLimits } from "../support/patience.ts";
import { functionsFor } from "./functions.ts";
import { schemas } from "./schema.ts";

const [port, directory = "", url] = process.argv.slice(2);
const dialect = url !== undefined && parseDatabaseUrl(url).dialect === "sqlite" ? "sqlite" : "pg";
await serve({
  ...{ port: Number(port), directory, url, schema: schemas[dialect], functions: functionsFor(dialect) },
  limits: process.env.PATIENT === "1" ? patientLimits : {},
  identify: ({ headers }) => {
    const subject = headers.get("x-caller");
    return subject === null ? null : { subject };
  },
});
