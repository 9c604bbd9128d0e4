/**
 * `convex-lite/drizzle-kit`: the database of the application, for `drizzle.config.ts`.
 *
 * drizzle-kit compiles this file and all that it imports to CommonJS: none of them may use `import.meta` or `await` at the
 * top level.
 */
export { credentialsForDrizzleKit, type KitCredentials } from "../schema/migrations/drizzle-kit-config.ts";
