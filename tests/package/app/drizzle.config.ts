import { credentialsForDrizzleKit } from "convex-lite/drizzle-kit";
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  schema: "./convex/schema.ts",
  out: "./drizzle",
  // The database that the application uses. drizzle-kit may run while `pnpm dev` runs; either may start first.
  ...credentialsForDrizzleKit(),
});
