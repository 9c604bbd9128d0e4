import { App } from "./app.ts";
import { expect, test } from "./fixtures.ts";

/** The cookie `user` says who is calling; a secret is shown to its owner only. */
const IDENTIFY = `const identify: Identify = ({ headers }) => {
  const user = /(?:^|; )user=(\\w+)/.exec(headers.get("cookie") ?? "")?.[1];
  return user === undefined ? null : { subject: user };
};`;

const FUNCTIONS = `import { query } from "convex-lite/server";

export const mine = query({
  handler: async ({ auth }) => {
    const identity = await auth.getUserIdentity();
    return identity === null ? "no secret" : \`the secret of \${identity.subject}\`;
  },
});
`;

const PAGE = `import { fetchQuery, preloadedQueryResult, preloadQuery } from "convex-lite/nextjs";
import { cookies } from "next/headers";
import { api } from "@/convex/_generated/api";
import { Live } from "./live";

let seen = "";

async function signIn(form: FormData) {
  "use server";
  const jar = await cookies();
  const before = await fetchQuery(api.secrets.mine);
  jar.set("user", String(form.get("user")));
  seen = \`\${before}, then \${await fetchQuery(api.secrets.mine)}\`;
}

async function signOut() {
  "use server";
  const jar = await cookies();
  const before = await fetchQuery(api.secrets.mine);
  jar.delete("user");
  seen = \`\${before}, then \${await fetchQuery(api.secrets.mine)}\`;
}

export default async function Account() {
  const preloaded = await preloadQuery(api.secrets.mine);
  return (
    <main>
      <p data-testid="rendered">{preloadedQueryResult(preloaded)}</p>
      <p data-testid="action">{seen}</p>
      <Live preloaded={preloaded} />
      <form action={signIn}>
        <button name="user" value="ada">Sign in as Ada</button>
        <button name="user" value="bob">Sign in as Bob</button>
      </form>
      <form action={signOut}>
        <button>Sign out</button>
      </form>
    </main>
  );
}
`;

const LIVE = `"use client";
import { type Preloaded, usePreloadedQuery } from "convex-lite/react";
import type { api } from "@/convex/_generated/api";

export function Live({ preloaded }: { preloaded: Preloaded<typeof api.secrets.mine> }) {
  return <p data-testid="live">{usePreloadedQuery(preloaded).data}</p>;
}
`;

test.describe("a server action that changes who is calling, and does not redirect", () => {
  let app: App;

  test.beforeAll(async () => {
    app = await App.copy();
    app.edit("server.ts", (code) => code.replace("const identify: Identify = () => null;", IDENTIFY));
    app.add("convex/secrets.ts", FUNCTIONS);
    app.add("app/account/page.tsx", PAGE);
    app.add("app/account/live.tsx", LIVE);
    await app.start();
  });
  test.afterAll(() => app?.remove());

  const cases = [
    ["signs in", "Sign in as Ada", "no secret", "the secret of ada"],
    ["signs in as another", "Sign in as Bob", "the secret of ada", "the secret of bob"],
    ["signs out", "Sign out", "the secret of bob", "no secret"],
  ] as const;

  for (const hasScripts of [true, false]) {
    test(`renders its own answer for the new caller, ${hasScripts ? "in the page" : "as a page without scripts"}`, async ({
      browser,
    }) => {
      const context = await browser.newContext({ javaScriptEnabled: hasScripts });
      const page = await context.newPage();
      await page.goto(`${app.url}/account`);
      for (const [what, button, before, after] of cases) {
        await test.step(what, async () => {
          await expect(page.getByTestId("rendered")).toHaveText(before);
          if (hasScripts) await expect(page.getByTestId("live")).toHaveText(before);
          await page.getByRole("button", { name: button, exact: true }).click();
          const action = `${before}, then ${after}`;
          await expect(page.getByTestId("action")).toHaveText(action);
          await expect(page.getByTestId("rendered")).toHaveText(after);
          if (hasScripts) await expect(page.getByTestId("live")).toHaveText(after);
          else expect((await page.content()).replaceAll(action, "")).not.toContain(before);
        });
      }
      await context.close();
    });
  }
});
