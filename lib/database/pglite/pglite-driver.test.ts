import { behavesAsDriver } from "../../../tests/support/databases/behaves-as-driver.ts";
import { patience } from "../../../tests/support/patience.ts";
import { openTemporaryDatabase } from "../temporary-database.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";

behavesAsDriver("PGlite", {
  dialect: "pg",
  // A connection waits for its turn also while the database is opened again.
  open: ({ schema, connectTimeoutMs = patience.fact }) =>
    openTemporaryDatabase({ schema, answerTimeoutMs: 200, connectTimeoutMs }),
  cutConnections: (driver) => (driver as EmbeddedDriver).abort(),
  writersConflict: false,
  // Each opens a database of its own; that what was committed is there again is shown in embedded.test.ts.
  reopens: false,
});
