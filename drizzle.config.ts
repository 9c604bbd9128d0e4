import { defineConfig } from "drizzle-kit";
import { credentialsForDrizzleKit } from "./lib/schema/migrations/drizzle-kit-config.ts";

export default defineConfig({
  schema: "./convex/schema.ts",
  out: "./drizzle",
  // The database the application uses. Safe beside a running `pnpm dev`, in either start order.
  ...credentialsForDrizzleKit(),
});
