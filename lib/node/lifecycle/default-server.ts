/** The server of a project that has no `server.ts` of its own: `convex-lite dev` and `convex-lite start` run it. */
import { startServer } from "./start-server.ts";

await startServer();
