/**
 * What is known to be missing from the public surface, as `public-surface.test.ts` finds it. These lists only get shorter:
 * a gap that is not in them fails the test, and so does a line whose gap is closed.
 */

/** Exported names and members without a docstring. */
export const undocumented: readonly string[] = [
];

/** Types that a public signature names and no entry exports; each by the entry that names it. */
export const unexported: readonly string[] = [
  "node: IdentifyRequest",
  "node: DatabaseOptions",
  "node: Driver",
  "node: EngineCounters",
  "node: FunctionModules",
  "node: SocketLike",
  "node: SocketEvents",
  "node: Outcome",
  "node: EngineCall",
  "node: OriginRules",
  "node: Handlers",
  "node: Ready",
  "node: Running",
  "node: ServeFunctionsOptions",
  "node: LoadFunctionsOptions",
  "node: TerminalLogOptions",
  "node: RuntimeOptions",
  "node: Runtime",
];
