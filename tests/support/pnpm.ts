/** The pnpm that runs these tests: a program, or a script for Node; npm fetches one if it is neither. */
export function findPnpm(): string[] {
  const { npm_execpath: path } = process.env;
  if (!path || !/pnpm/.test(path)) return ["npx", "-y", "pnpm@12"];
  return /\.[cm]?js$/.test(path) ? [process.execPath, path] : [path];
}
