/** The oldest Node that runs `server.ts` as it is, without a flag or a warning. */
const OLDEST = "22.18";

/**
 * Says that a Node is too old. This file imports nothing, so that it loads on any Node.
 * @param version As `process.versions.node` has it.
 * @returns undefined for a Node that will do.
 */
export function tooOldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = numbersOf(version);
  const [oldestMajor = 0, oldestMinor = 0] = numbersOf(OLDEST);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `convex-lite needs Node ${OLDEST} or later (it runs server.ts as it is). This is ${version}.`;
}

function numbersOf(version: string): number[] {
  return version.split(".").map(Number);
}
