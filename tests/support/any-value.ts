import fc from "fast-check";

/** Any text, halves of surrogate pairs included. */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 6 })
  .map((units) => String.fromCharCode(...units));

/** Any value that can travel between server and client, a few levels deep. Repeats come often: small keys, few rows. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, undefined, 0, -0, 1, Number.NaN, Infinity, -Infinity),
    fc.double(),
    anyText,
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 6 }),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("record"),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
  // A key that holds `undefined` is left out on the way: such records have a test of their own.
  record: fc.dictionary(
    fc.oneof(fc.constantFrom("a", "b", "id", "$t", "0", "__proto__", "constructor"), fc.string({ maxLength: 3 })),
    tie("value").filter((value) => value !== undefined),
    { maxKeys: 4, noNullPrototype: true },
  ),
})).value;
