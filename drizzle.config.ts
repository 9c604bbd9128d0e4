import { defineConfig } from "drizzle-kit";
import { credentialsForDrizzleKit } from "./lib/database/drizzle-kit.ts";

/** Holds the embedded database's lock until drizzle-kit ends; unused while `pnpm dev` runs, or with DATABASE_URL. */
const hold = {};

export default defineConfig({
  schema: "./convex/schema.ts",
  out: "./drizzle",
  ...credentialsForDrizzleKit(hold),
});
