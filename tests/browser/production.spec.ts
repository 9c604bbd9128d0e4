import { Chat, expect, test } from "./fixtures.ts";

test("production: built and started on the database that development made, live, still whole after kill -9, and without the sources of the functions and the tools that built them", async ({
  page,
  ownApp: app,
}) => {
  await app.start();
  const chat = await new Chat(app, page).open();
  await chat.live();
  await chat.say("written in development");
  await app.stop();

  expect(app.pnpm("build")).toMatch(/gzip/);
  await app.start({ NODE_ENV: "production" });
  await chat.open();
  await chat.live();
  await expect(chat.rows("written in development")).toHaveCount(1);
  await chat.say("written in production");
  await app.stop("SIGKILL");
  await app.start({ NODE_ENV: "production" });
  await chat.open();
  await expect(chat.rows("written in production")).toHaveCount(1);
  await chat.live();

  // What an image for production leaves out.
  await app.stop();
  app.delete("convex", "drizzle.config.ts");
  app.delete("node_modules/{esbuild,drizzle-kit}", "node_modules/.pnpm/{esbuild,@esbuild,drizzle-kit}*");
  app.delete("node_modules/.pnpm/node_modules/{esbuild,drizzle-kit}");
  await app.start({}, ["lib/cli/main.ts", "start"]);
  await chat.open();
  await chat.live();
  await chat.say("written without the sources");
  expect(chat.complaints.filter((text) => !/WebSocket|ERR_CONNECTION/.test(text))).toEqual([]);
});
