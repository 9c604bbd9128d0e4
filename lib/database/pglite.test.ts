import { behavesAsDriver } from "./behaves-as-driver.ts";
import type { EmbeddedDriver } from "./embedded-driver.ts";
import { openTemporary } from "./temporary.ts";

behavesAsDriver("PGlite", {
  open: (schema) => openTemporary({ schema, answerWithin: 200 }),
  cutConnections: (driver) => (driver as EmbeddedDriver).abort(),
  concurrent: false,
});
