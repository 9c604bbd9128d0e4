import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";

const server = (work: string) => `
import { installCrashHandlers, nextServer, openDatabase, terminalLog } from ${JSON.stringify(join(import.meta.dirname, "../../entries/node.ts"))};
const log = terminalLog();
installCrashHandlers(log);
${work}
`;
const database = server(`
await openDatabase({ url: process.env.DATABASE_URL, directory: ".convex", schema: {}, log });
`);

/** Runs a script to its end. @returns its exit code and its output. */
async function run(script: string, variables: Record<string, string>): Promise<[code: unknown, output: string]> {
  using project = new TemporaryProject({ "package.json": '{ "type": "module" }', "server.ts": script });
  const child = spawn(process.execPath, ["server.ts"], { cwd: project.root, env: { ...process.env, ...variables } });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return [code, out + err];
}

describe("an error that the operator can correct is one sentence without a stack", () => {
  test.each([
    ["an address of another kind", "oracle://u:geheim@host/x", /^ ✗ DATABASE_URL is expected to be like postgres.*$/],
    [
      "a server that is not there",
      "postgres://u:geheim@127.0.0.1:1/x",
      /^ ✗ Cannot use PostgreSQL at 127.0.0.1:1\/x.*$/,
    ],
  ])("%s", async (_name, DATABASE_URL, sentence) => {
    const [code, output] = await run(database, { DATABASE_URL });
    expect(output.trimEnd()).toMatch(sentence);
    expect(code).toBe(1);
  });

  test("pages that were not built", async () => {
    const pages = server('await nextServer({ development: false, host: "localhost", port: 3000 }).prepare();');
    const [code, output] = await run(pages, { NODE_ENV: "production" });
    // Next may have printed something before.
    expect(output.trimEnd()).toMatch(/^ ✗ Expected a production build .* run `\S+ convex-lite build` first\.$(?!\n)/m);
    expect(code).toBe(1);
  });
});

test("any other error is shown with its stack", async () => {
  const [code, output] = await run(server('throw new Error("an unexpected error");'), {});
  expect(output).toMatch(/✗ the server failed[\s\S]*an unexpected error[\s\S]*server\.ts/);
  expect(code).toBe(1);
});
