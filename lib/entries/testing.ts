/** `convex-lite/testing`: a server, its database and its clients in one process, for tests of your functions. */
export { ConvexClient } from "../client/convex-client.ts";
export type { LogLine } from "../testing/hand-clock.ts";
export { HandClock } from "../testing/hand-clock.ts";
export { startWorld, World, type WorldOptions } from "../testing/world.ts";
