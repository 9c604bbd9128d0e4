import { startServer } from "convex-lite/node";

await startServer({ identify: () => null });
