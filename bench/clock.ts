/** Microseconds; the same clock in every process of this machine. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
