/** `server.ts`: runs Next and the functions in one process. */
export const server = `import { startServer } from "convex-lite/node";

// Who is calling: \`identify\` reads a session from \`headers\` or \`cookies\`, and returns { subject }, or null.
await startServer({ identify: () => null });
`;

/** `drizzle.config.ts`: leads drizzle-kit to the database that the application uses. */
export const drizzleConfig = `import { credentialsForDrizzleKit } from "convex-lite/drizzle-kit";
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  schema: "./convex/schema.ts",
  out: "./drizzle",
  ...credentialsForDrizzleKit(),
});
`;

/**
 * `.env.example`.
 * @param databaseUrl The line that names the database.
 */
export function envExample(databaseUrl: string): string {
  return `# Copy this file to .env.local and change what you need. Production reads the same names from its environment.

# The database. It must fit the tables in convex/schema.ts.
${databaseUrl}

# Where the server listens. HOST=0.0.0.0 in containers.
# PORT=3000
# HOST=localhost

# How many proxies stand in front of the server.
# TRUST_PROXY=1
`;
}

/** What an agent should know, in \`AGENTS.md\`. */
export const agentRules = `## convex-lite

This app runs live queries with convex-lite. Its documentation is in \`node_modules/convex-lite/docs/\`: read the page that concerns your change.

- A mutation that changes what a query returns calls \`scheduler.invalidate(query, args)\`; nothing else makes pages live.
- Functions in \`convex/\` declare \`args\` with zod, and callers pass them.
- Client components import \`convex-lite/react\` and \`convex/_generated/api\`, never a file of functions nor \`convex-lite/server\`.
- A page awaits \`preloadQuery\` below \`<Suspense>\`, and a client component takes it over with \`usePreloadedQuery\`.
`;
