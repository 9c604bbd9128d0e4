import { expect, test } from "vitest";
import { parseSettings, SettingsError } from "./settings.ts";

test("the defaults are localhost:3000 and the embedded database; an empty variable counts as not set", () => {
  const defaults = {
    development: true,
    port: 3000,
    host: "localhost",
    databaseUrl: undefined,
    redisUrl: undefined,
    trustProxy: 0,
    allowedHosts: [],
    admin: false,
  };
  expect(parseSettings({}, true)).toEqual(defaults);
  const empty = { PORT: "", HOST: "", DATABASE_URL: "", TRUST_PROXY: "", ALLOWED_HOSTS: "" };
  expect(parseSettings(empty, true)).toEqual(defaults);
});

test("variables that are set are used", () => {
  const set = {
    ...{ PORT: "80", HOST: "0.0.0.0", DATABASE_URL: "postgres://u:p@db/app", OTHER: "x" },
    ...{ TRUST_PROXY: "2", ALLOWED_HOSTS: "App.test, *.lan.test" },
  };
  expect(parseSettings(set, false)).toMatchObject({
    development: false,
    port: 80,
    host: "0.0.0.0",
    databaseUrl: "postgres://u:p@db/app",
    trustProxy: 2,
    allowedHosts: ["app.test", "*.lan.test"],
  });
});

test("the error names every unusable variable with what was expected and found, but shows no URL", () => {
  const wrong = {
    ...{ PORT: "70000", HOST: "my host", DATABASE_URL: "secret password" },
    ...{ TRUST_PROXY: "yes", ALLOWED_HOSTS: "http://app.test" },
  };
  const message = (() => {
    try {
      parseSettings(wrong, true);
    } catch (error) {
      return error instanceof SettingsError ? error.message : undefined;
    }
  })();
  expect(message?.split("\n")).toEqual([
    'PORT: expected a port, 0 to 65535. Found "70000".',
    'HOST: expected a host name or address, such as localhost or 0.0.0.0. Found "my host".',
    "DATABASE_URL: expected a URL such as postgres://user:password@host:5432/name. Found a text that is no URL.",
    'TRUST_PROXY: expected the number of proxies in front, such as 1. Found "yes".',
    'ALLOWED_HOSTS: expected host names without a port, such as app.test,*.lan.test. Found "http://app.test".',
  ]);
});
