import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TemporaryProject } from "../../../tests/support/temporary-project.ts";
import { bindPort, checkPort } from "./port.ts";
import { SettingsError } from "./settings.ts";

const host = "127.0.0.1";

/** A port that a server of this process has, which is noted in the project. */
async function taken(project: TemporaryProject) {
  const probe = await bindPort(createServer, { host, port: 0 });
  const [server] = probe.servers;
  server?.close();
  await once(server as NonNullable<typeof server>, "close");
  const directory = join(project.root, ".convex");
  const bound = await bindPort(createServer, { host, port: probe.port, directory });
  onTestFinished(() => {
    for (const each of bound.servers) each.close();
  });
  bound.note();
  return { bound, note: join(directory, `port-${bound.port}.pid`), asked: { host, port: bound.port, directory } };
}

/** A process that ends when the test does, or has ended already. */
async function processThat(ended: boolean): Promise<number> {
  const child = spawn(process.execPath, ["-e", ended ? "" : "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill());
  if (ended) await once(child, "exit");
  return child.pid as number;
}

test("a port that another server of the project has is refused with the process to stop", async () => {
  using project = new TemporaryProject({});
  const { note, asked } = await taken(project);
  expect(readFileSync(note, "utf8")).toBe(`${process.pid}\n`);
  const other = await processThat(false);
  project.write(`.convex/port-${asked.port}.pid`, `${other}\n`);
  const refused = checkPort(asked);
  await expect(refused).rejects.toThrow(SettingsError);
  await expect(refused).rejects.toThrow(
    `in use by another server of this project, process ${other}. Stop it (\`kill ${other}\`)`,
  );
});

test("a note that is left of a process that has ended, or is none, names no process", async () => {
  using project = new TemporaryProject({});
  const { asked } = await taken(project);
  for (const left of [String(await processThat(true)), "nonsense", "-1", "0", String(process.pid)]) {
    project.write(`.convex/port-${asked.port}.pid`, left);
    await expect(checkPort(asked)).rejects.toThrow(`Port ${asked.port} on 127.0.0.1 is in use. Stop what runs there`);
  }
});

test("a port that is free stays free, and is noted by no check", async () => {
  using project = new TemporaryProject({});
  const { bound, note, asked } = await taken(project);
  bound.forget();
  expect(existsSync(note)).toBe(false);
  for (const server of bound.servers) await new Promise((resolve) => server.close(resolve));
  await checkPort(asked);
  await checkPort(asked);
  expect(existsSync(note)).toBe(false);
});
