import type { Packages } from "../edits/package-json.ts";
import type { Builds } from "../edits/workspace.ts";
import type { Dialect } from "../templates/schema.ts";

/** What a project needs for a database. */
export interface Database {
  readonly dialect: Dialect;
  /** Its drivers. */
  readonly packages: Packages;
  /** Install scripts of these that pnpm must be told of. */
  readonly builds: Builds;
  /** The lines of `.env.example` that name it. */
  readonly url: string;
}

/** The names that `--database` takes. */
export type DatabaseName = "pglite" | "sqlite" | "postgres" | "neon" | "mysql";

const pg = { pg: "^8.23.1" };

/** Of one dialect the first stands for tables that fit several databases, unless the project has the drivers of another. */
export const databases: Readonly<Record<DatabaseName, Database>> = {
  pglite: {
    dialect: "pg",
    packages: { "@electric-sql/pglite": "^0.5.16", ...pg },
    builds: {},
    url: `# Left out: PGlite, a PostgreSQL inside the server, in .convex/.
# DATABASE_URL=postgres://user:password@localhost:5432/app`,
  },
  sqlite: {
    dialect: "sqlite",
    packages: { "better-sqlite3": "^13.2.0" },
    builds: { "better-sqlite3": true },
    url: `# Left out: a SQLite file in .convex/.
# DATABASE_URL=file:./app.sqlite`,
  },
  neon: {
    dialect: "pg",
    packages: { "@neondatabase/serverless": "^1.2.0", ...pg },
    builds: {},
    url: "DATABASE_URL=postgres://user:password@ep-name-123456-pooler.eu-central-1.aws.neon.tech/app",
  },
  postgres: {
    dialect: "pg",
    packages: pg,
    builds: {},
    url: "DATABASE_URL=postgres://user:password@localhost:5432/app",
  },
  mysql: {
    dialect: "mysql",
    packages: { mysql2: "^3.24.6" },
    builds: {},
    url: "DATABASE_URL=mysql://user:password@localhost:3306/app",
  },
};

/** Is the database part of the server, so that there is nothing to set up? */
export function isEmbedded(name: DatabaseName): boolean {
  return name === "pglite" || name === "sqlite";
}

/** What every project needs besides, with the versions that this one was made with. */
export const packages = {
  dependencies: { "drizzle-orm": "^0.45.4", zod: "^4.6.7" },
  devDependencies: { "drizzle-kit": "^0.31.11" },
};

/** What a new app needs besides. */
export const newAppPackages = {
  dependencies: { next: "^16.4.6", react: "^19.3.1", "react-dom": "^19.3.1" },
  devDependencies: { "@types/node": "^24", "@types/react": "^19", "@types/react-dom": "^19", typescript: "^5.9.3" },
};
