/** The server of the crowd: `node tests/crowd/server.ts <port> <directory of the embedded database> [PostgreSQL address]`. */
import { serve } from "../faults/serve.ts";
import { patientLimits } from "../support/patience.ts";
import { functions, schema } from "./functions.ts";

const [port, directory = "", url] = process.argv.slice(2);
const limits = process.env.PATIENT === "1" ? patientLimits : {};
await serve({ port: Number(port), directory, url, functions, schema, limits });
