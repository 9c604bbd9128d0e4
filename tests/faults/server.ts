/**
 * A server for tests to kill: `node tests/faults/server.ts <port> <directory of the embedded database> [PostgreSQL address]`.
 * Prints "ready" when it serves. With DOOM, as JSON `[point, text]`, it ends itself: see `Doom`.
 */

import { patientLimits } from "../support/patience.ts";
import { Doom } from "./doom.ts";
import { functions, schema } from "./functions.ts";
import { serve } from "./serve.ts";

const [port, directory = "", url] = process.argv.slice(2);
const doom = process.env.DOOM
  ? new Doom(...(JSON.parse(process.env.DOOM) as ConstructorParameters<typeof Doom>))
  : undefined;
/** No rate of bytes: what is hoarded comes as fast as it can. */
const limits = { ...patientLimits, bytesPerSecond: 2 ** 30, byteBurst: 2 ** 30 };
await serve({
  ...{ port: Number(port), directory, url, schema, limits },
  functions: doom?.functions(functions) ?? functions,
  ...(doom && { around: doom }),
});
