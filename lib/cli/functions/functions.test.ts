import { expect, test, vi } from "vitest";
import { z } from "zod";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { describeSchema } from "./describe-schema.ts";
import { functions } from "./functions.ts";

async function listed(
  project: TemporaryProject,
  json: boolean,
): Promise<{ stdout: string; stderr: string; code: number }> {
  const [out, err] = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) =>
    spy.mockImplementation(() => {}),
  );
  const printed = (spy: typeof out) => (spy?.mock.calls ?? []).map(([line]) => `${line}\n`).join("");
  const code = await functions(project.root, { json });
  const outcome = { stdout: printed(out), stderr: printed(err), code };
  vi.restoreAllMocks();
  return outcome;
}

test("every function is listed with its kind, visibility, arguments and place; none is run, and no database is opened", async () => {
  using project = new TemporaryProject({
    "convex/admin/users.ts": `import { internalAction, query } from "convex-lite/server";
import { z } from "zod";

const text = "export const remove = 1";
export const remove = internalAction({ handler: () => { throw new Error("run"); } });
export default query({ args: z.object({ id: z.number() }), handler: () => text });
`,
    "convex/users.ts": `export { remove as delete } from "./admin/users.ts";
export * from "./admin/users.ts";
export const helper = 1;
`,
  });
  const { stdout, stderr, code } = await listed(project, false);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  expect(stdout).toBe(
    [
      "admin/users:default  query   public    { id: number }  convex/admin/users.ts:6",
      "admin/users:remove   action  internal  {}              convex/admin/users.ts:5",
      "users:delete         action  internal  {}              convex/users.ts:1",
      "users:remove         action  internal  {}              convex/users.ts",
      "",
    ].join("\n"),
  );
  const [first, , , last] = JSON.parse((await listed(project, true)).stdout).functions;
  expect(first).toEqual({
    ...{ path: "admin/users:default", kind: "query", visibility: "public", args: "{ id: number }" },
    ...{ file: "convex/admin/users.ts", line: 6 },
  });
  expect(last).toMatchObject({ path: "users:remove", line: null });
});

test("a project without functions is told so", async () => {
  using project = new TemporaryProject({ "convex/schema.ts": "export {};" });
  expect(await listed(project, false)).toEqual({
    stdout: "",
    stderr: "There are no functions in convex/ yet: export a query, mutation or action from a file there.\n",
    code: 0,
  });
});

interface Tree {
  name: string;
  children: Tree[];
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree) }));

test.each([
  [z.object({ channel: z.string(), n: z.number().optional() }), "{ channel: string, n?: number }"],
  [z.object({ limit: z.int().default(10), at: z.date().nullable() }), "{ limit?: number, at: Date | null }"],
  [z.object({ kind: z.enum(["a", "b"]), ids: z.array(z.bigint()) }), '{ kind: "a" | "b", ids: bigint[] }'],
  [z.object({ ids: z.array(z.union([z.string(), z.number()])) }), "{ ids: (string | number)[] }"],
  [
    z.object({ by: z.discriminatedUnion("t", [z.object({ t: z.literal("x") }), z.object({ t: z.literal(1) })]) }),
    '{ by: { t: "x" } | { t: 1 } }',
  ],
  [z.object({ "a-b": z.record(z.string(), z.unknown()) }), '{ "a-b": Record<string, unknown> }'],
  [
    z.object({ pair: z.tuple([z.string(), z.boolean()]), tags: z.set(z.string()) }),
    "{ pair: [string, boolean], tags: Set<string> }",
  ],
  [
    z.object({ m: z.map(z.string(), z.date()), file: z.instanceof(Uint8Array) }),
    "{ m: Map<string, Date>, file: unknown }",
  ],
  [
    z.object({
      trimmed: z
        .string()
        .transform((text) => text.length)
        .optional(),
    }),
    "{ trimmed?: string }",
  ],
  [
    z.object({ email: z.email(), both: z.object({ a: z.string() }).and(z.object({ b: z.string() })) }),
    "{ email: string, both: { a: string } & { b: string } }",
  ],
  [z.object({ tree }), "{ tree: { name: string, children: { … }[] } }"],
  [z.object({}), "{}"],
  [undefined, "{}"],
])("arguments are told as one line: %#", (schema, expected) => {
  expect(describeSchema(schema)).toBe(expected);
});
