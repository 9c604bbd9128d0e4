/** The server of the project that the bench develops. It says what it holds when it is asked by a signal. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startServer } from "convex-lite/node";
import { restingMemory } from "./usage.ts";

setFlagsFromString("--expose-gc");
Object.assign(globalThis, { gc: runInNewContext("gc") });

process.on("SIGUSR2", async () => {
  const ofProcess = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const handles = process.getActiveResourcesInfo().filter((name) => /FSEvent|Process/.test(name)).length;
  console.log(`held ${JSON.stringify({ bytes: await restingMemory(), listeners: ofProcess + handles })}`);
});

await startServer();
