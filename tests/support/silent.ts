import type { Log } from "../../lib/environment/environment.ts";

/** A log that keeps nothing. */
export const silent: Log = { info() {}, warn() {}, error() {} };
