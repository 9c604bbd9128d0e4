import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { App } from "./app.ts";
import { expect, test } from "./fixtures.ts";

/** The cookie holds the token of a session, and the database knows whose it is. Each question is a line in the log. */
const IDENTIFY = `const identify: Identify = async ({ cookies, runQuery }) => {
  log.info("identify was asked");
  const person = await runQuery(internal.vault.holderOfKey, { key: cookies.get("key") ?? "" });
  return person === null ? null : { subject: person };
};`;

const FUNCTIONS = `import { internalMutation, internalQuery, query } from "convex-lite/server";
import { z } from "zod";

let turns = 0;

export const holderOfKey = internalQuery({
  args: z.object({ key: z.string() }),
  handler: async (_ctx, { key }) => (key === "k1" ? "ada" : null),
});
export const combination = internalQuery({ handler: async () => "4711" });
export const turnTheDial = internalMutation({ handler: async () => ++turns });
export const label = query({
  args: z.object({ of: z.string() }),
  handler: async ({ auth }, { of }) => \`\${of} of \${(await auth.getUserIdentity())?.subject ?? "no one"}\`,
});
`;

const PAGE = `import { fetchMutation, fetchQuery, preloadedQueryResult, preloadQuery } from "convex-lite/nextjs";
import { Suspense } from "react";
import { api, internal } from "@/convex/_generated/api";
import { Live } from "./live";

async function turn() {
  "use server";
  await fetchMutation(internal.vault.turnTheDial);
}

async function Later() {
  await new Promise((resolve) => setImmediate(resolve));
  return <p data-testid="later">{preloadedQueryResult(await preloadQuery(api.vault.label, { of: "handle" }))}</p>;
}

export default async function Vault() {
  const [door, wheel] = await Promise.all(["door", "wheel"].map((of) => preloadQuery(api.vault.label, { of })));
  const digits = (await fetchQuery(internal.vault.combination)).length;
  return (
    <main>
      <p data-testid="digits">{digits} digits</p>
      {door && <Live preloaded={door} />}
      {wheel && <Live preloaded={wheel} />}
      <Suspense>
        <Later />
      </Suspense>
      <form action={turn}>
        <button>Turn</button>
      </form>
    </main>
  );
}
`;

const LIVE = `"use client";
import { type Preloaded, usePreloadedQuery, useQuery } from "convex-lite/react";
import { api } from "@/convex/_generated/api";

export function Live({ preloaded }: { preloaded: Preloaded<typeof api.vault.label> }) {
  const { data } = usePreloadedQuery(preloaded);
  const { data: more } = useQuery(api.vault.label, { of: "lock" });
  return <p data-testid="live">{data}, {more}</p>;
}
`;

/** What only the server may say. */
const SECRETS = ["combination", "turnTheDial", "holderOfKey", "4711"];

/** All that a page receives: documents, payloads, scripts and messages of its socket. */
function received(page: Page): { texts(): Promise<string[]> } {
  const bodies: Promise<string>[] = [];
  page.on("response", (response) => bodies.push(response.text().catch(() => "")));
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => bodies.push(Promise.resolve(String(payload)))),
  );
  return { texts: () => Promise.all(bodies) };
}

test.describe("a page whose server code calls internal functions", () => {
  let app: App;
  test.beforeAll(async () => {
    app = await App.copy();
    app.edit("server.ts", (code) =>
      code
        .replace(
          '} from "convex-lite/node";',
          '} from "convex-lite/node";\nimport { internal } from "./convex/_generated/api.ts";',
        )
        .replace("const identify: Identify = () => null;", IDENTIFY),
    );
    app.add("convex/vault.ts", FUNCTIONS);
    app.add("app/vault/page.tsx", PAGE);
    app.add("app/vault/live.tsx", LIVE);
    await app.start();
  });
  test.afterAll(() => app?.remove());

  const asked = () => app.output.split("identify was asked").length - 1;

  test("asks identify once for a render, whatever it preloads, and all of it is for one person", async () => {
    await fetch(`${app.url}/vault`);
    const before = asked();
    const html = await (await fetch(`${app.url}/vault`, { headers: { cookie: "key=k1" } })).text();
    expect(asked() - before).toBe(1);
    for (const of of ["door", "wheel", "handle"]) expect(html).toContain(`${of} of ada`);
    expect(html).not.toContain("no one");
  });

  test("and in production nothing that a browser receives names them", async ({ page }) => {
    await app.stop();
    app.pnpm("build");
    await app.start({ NODE_ENV: "production" });
    const all = received(page);
    await page.goto(`${app.url}/vault`);
    await expect(page.getByTestId("live")).toHaveText([
      "door of no one, lock of no one",
      "wheel of no one, lock of no one",
    ]);
    const acted = page.waitForResponse((response) => response.request().method() === "POST");
    await page.getByRole("button", { name: "Turn" }).click();
    expect((await acted).status()).toBe(200);
    await expect(page.getByTestId("digits")).toHaveText("4 digits");
    const texts = await all.texts();
    expect(texts.join("\n")).toContain("lock of no one");
    for (const secret of SECRETS) expect(texts.filter((text) => text.includes(secret))).toEqual([]);

    const shipped = globSync("**/*.js", { cwd: join(app.directory, ".next/static") })
      .map((file) => readFileSync(join(app.directory, ".next/static", file), "utf8"))
      .join("\n");
    expect(shipped).toContain("convex-lite.functionPath");
    for (const secret of [...SECRETS, '("internal")']) expect(shipped).not.toContain(secret);
  });

  test("and over HTTP they are as functions that do not exist", async () => {
    const answer = async (path: string) => {
      const response = await fetch(`${app.url}/api/convex/query`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ path }),
      });
      return { status: response.status, body: (await response.text()).replaceAll(path, "…") };
    };
    expect(await answer("vault:combination")).toEqual(await answer("vault:nothing"));
    expect((await answer("vault:combination")).status).toBe(404);
  });
});
