import { invocationOf } from "../../project/package-manager.ts";

/** How the reader runs this program: `npx convex-lite`, `pnpm convex-lite`. */
export function invocation(): string {
  return invocationOf("convex-lite");
}
