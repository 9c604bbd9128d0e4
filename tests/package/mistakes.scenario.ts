import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, inject, test } from "vitest";
import { Consumer, type Database, type Manager, managers } from "./consumer.ts";

describe.each(managers)("with %s, a driver that is not installed", (manager) => {
  const consumer = new Consumer(inject("consumers"), manager);
  const add = { npm: "npm install", pnpm: "pnpm add" } satisfies Record<Manager, string>;
  const drivers: { database: Database; name: string; url: string; needed: string }[] = [
    { database: "pglite", name: "@electric-sql/pglite", url: "", needed: "@electric-sql/pglite pg" },
    { database: "pglite", name: "pg", url: "", needed: "@electric-sql/pglite pg" },
    { database: "pglite", name: "pg", url: "postgres://u:secret@localhost/db", needed: "pg" },
    { database: "sqlite", name: "better-sqlite3", url: "", needed: "better-sqlite3" },
  ];
  let putBack = (): void => {};
  afterEach(() => putBack());

  test.each(drivers)("$name, for $database at '$url': the server says how it is installed", (driver) => {
    consumer.beginWith(driver.database);
    putBack = consumer.hide(driver.name);
    consumer.write(".env.local", driver.url === "" ? "" : `DATABASE_URL=${driver.url}\n`);
    const { status, output } = consumer.run(process.execPath, "server.ts");
    consumer.write(".env.local", "");
    expect(output).toContain(`Run ${add[manager]} ${driver.needed}, and start again.`);
    expect(output).not.toContain("secret");
    expect(status).toBe(1);
  });
});

describe("a client component that imports a function", () => {
  const consumer = new Consumer(inject("consumers"), "npm");

  test("does not build: the one error says what to do, and which files lead there", () => {
    consumer.beginWith("pglite");
    consumer.write(
      "app/mistake/page.tsx",
      '"use client";\nimport { list } from "../../convex/messages";\nexport default () => <p>{typeof list}</p>;\n',
    );
    const convexLite = join(consumer.folder, "node_modules/.bin/convex-lite");
    const { status, output } = consumer.run(convexLite, "build", "--allow-pending");
    rmSync(join(consumer.folder, "app/mistake"), { recursive: true });
    expect(status).toBe(1);
    expect(output).toContain("'server-only' cannot be imported from a Client Component module");
    expect(output).toContain("A client component imports a file of convex/ by value.");
    expect(output).toContain('Import `api` from "convex/_generated/api" instead.');
    expect(output).toContain("app/mistake/page.tsx");
    expect(output).toContain("with 1 error");
  });
});

describe.each(managers)("with %s, drizzle-kit that is not installed", (manager) => {
  test("is what build asks for, by the command that installs it", () => {
    const consumer = new Consumer(inject("consumers"), manager);
    consumer.beginWith("pglite");
    const putBack = consumer.hide("drizzle-kit");
    const { status, output } = consumer.run(join(consumer.folder, "node_modules/.bin/convex-lite"), "build");
    putBack();
    const install = { npm: "npm install -D drizzle-kit", pnpm: "pnpm add -D drizzle-kit" }[manager];
    expect(output).toContain(`This needs the package drizzle-kit. Run \`${install}\`, and start again.`);
    expect(output).not.toMatch(/^\s+at /m);
    expect(status).toBe(1);
  });
});
