import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { patience } from "../../../tests/support/patience.ts";
import { openTemporaryDatabase } from "../temporary-database.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";

behavesAsDriver("PGlite", {
  dialect: "pg",
  // A connection also waits while the database is opened again.
  open: ({ schema, connectTimeoutMs = patience.fact }) =>
    openTemporaryDatabase({ schema, answerTimeoutMs: 200, connectTimeoutMs }),
  cutConnections: (driver) => (driver as EmbeddedDriver).abort(),
  writersConflict: false,
  // Each driver has a database of its own. embedded.test.ts shows that commits are there when one is opened again.
  reopens: false,
});
