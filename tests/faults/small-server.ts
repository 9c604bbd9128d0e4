import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { openTemporaryDatabase } from "../../lib/database/temporary-database.ts";
import { createEngine, type Engine } from "../../lib/engine/engine.ts";
import type { EngineLimits } from "../../lib/engine/run/limits.ts";
import { type Environment, machineEnvironment } from "../../lib/environment/environment.ts";
import { acceptSockets, type Sockets } from "../../lib/node/http/accept-sockets.ts";
import { httpEndpoint } from "../../lib/node/http/call-endpoint.ts";
import { createTables } from "../../lib/schema/create-tables.ts";
import { patientLimits } from "../support/patience.ts";
import { silent } from "../support/silent.ts";
import { functions, schema } from "./functions.ts";

/** A server in this process, on a port of its own, with real sockets. */
export interface SmallServer extends AsyncDisposable {
  readonly engine: Engine;
  readonly sockets: Sockets;
  readonly port: number;
  /** `127.0.0.1:45123` */
  readonly host: string;
}

export interface SmallServerOptions {
  /** The factor by which its clock is faster than the machine's. Patient limits keep their real time. Default: 1. */
  timeIsFaster?: number;
  /** Default: `patientLimits`. */
  limits?: Partial<EngineLimits>;
}

export async function startSmallServer(options: SmallServerOptions = {}): Promise<SmallServer> {
  const { timeIsFaster: factor = 1 } = options;
  const patient = Object.entries(patientLimits).map(([name, ms]) => [name, ms * factor]);
  const limits = { ...Object.fromEntries(patient), ...options.limits } as Partial<EngineLimits>;
  const driver = await openTemporaryDatabase({ schema });
  await createTables(driver, schema);
  const engine = createEngine({ driver, environment: fastTime(factor), development: false, limits });
  // biome-ignore lint/correctness/useHookAtTopLevel: the engine is no React
  engine.useFunctions(functions, schema);
  const rules = { engine, identify: () => null, log: silent, trustProxy: 0 };
  const sockets = acceptSockets(rules);
  const calls = httpEndpoint(rules);
  const server: Server = createServer((request, response) => {
    if (!calls(request, response)) response.writeHead(404).end();
  });
  server.on("upgrade", (request, connection, head) => void sockets.accept(request, connection, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    engine,
    sockets,
    port,
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      sockets.close();
      await engine.close();
      server.closeAllConnections();
      server.close();
      await driver.close();
    },
  };
}

/** The machine's clock and timers, faster by the factor. */
export function fastTime(factor: number): Environment {
  const machine = machineEnvironment(silent);
  const start = Date.now();
  return {
    ...machine,
    now: () => start + (Date.now() - start) * factor,
    after: (ms, task) => machine.after(ms / factor, task),
  };
}
