import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConvexClient } from "../../lib/client/convex-client.ts";
import { freePort } from "../faults/server-process.ts";
import { type DatabaseName, describeOn, type TestDatabase } from "../support/databases/with-every-database.ts";
import { thorough } from "../support/thorough.ts";

const project = join(import.meta.dirname, "../..");

/** Starts what `pnpm dev` does, in this very project. Resolves when it serves. */
async function develop(url: string): Promise<string> {
  const port = await freePort();
  const server = spawn(process.execPath, ["lib/cli/main.ts", "dev"], {
    cwd: project,
    env: {
      ...process.env,
      NODE_ENV: "development",
      DATABASE_URL: url,
      PORT: String(port),
      NEXT_TELEMETRY_DISABLED: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(server, "exit");
  onTestFinished(async () => {
    server.kill("SIGTERM");
    await exited;
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
        if (/\bready on\b/.test(output)) resolve();
      });
    }
    server.once("exit", (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
  });
  return `http://localhost:${port}`;
}

function runsTheDemo({ name, url }: TestDatabase): void {
  test("with nothing but DATABASE_URL: tables, pages, and a message that a second client sees", async () => {
    const site = await develop((await url()) ?? "");
    const [ada, ben] = [new ConvexClient(site), new ConvexClient(site)];
    onTestFinished(async () => {
      await ada.close();
      await ben.close();
    });
    const text = `Hello from ${name}`;
    const seen = new Promise<void>((resolve) => {
      ben.watchQuery("messages:listByChannel", { channel: "general" }, ({ data }) => {
        if ((data as { text: string }[] | undefined)?.some((message) => message.text === text)) resolve();
      });
    });
    await ada.mutation("seed:ifEmpty", {});
    await ada.mutation("messages:send", { channel: "general", author: "Ada", text });
    await seen;
    const page = await fetch(`${site}/chat/general`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(text.replaceAll("'", "&#x27;"));
  });
}

/** Next allows one server of a project at a time: these run one after the other. */
const shown: readonly DatabaseName[] = ["PostgreSQL", "Neon's driver"];
if (thorough) for (const name of shown) await describeOn[name]("pnpm dev of the demo", runsTheDemo);
// It starts servers of Next for a minute, which `pnpm test` has no time for.
else test.skip("pnpm dev of the demo on PostgreSQL and Neon's driver: by pnpm test:databases", () => {});
