import { defineConfig } from "drizzle-kit";
import { credentialsForDrizzleKit } from "./lib/database/drizzle-kit.ts";

export default defineConfig({
  schema: "./convex/schema.ts",
  out: "./drizzle",
  // The database the application uses. Safe beside a running `pnpm dev`, in either start order.
  ...credentialsForDrizzleKit(),
});
