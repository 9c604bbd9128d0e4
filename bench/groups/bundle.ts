import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Bench, Group } from "../bench.ts";
import { type Row, row, valueAtMost } from "../report/row.ts";

const APP = 'export { ConvexProvider, useMutation, usePreloadedQuery, useQuery } from "convex-lite/react";';
const PAGINATION = 'export { usePaginatedQuery } from "convex-lite/react";';
const REACT = 'export * from "react"; export * from "react-dom/client";';

/** The size that the framework adds to a page, beside React's. */
export const bundle: Group = async (bench: Bench) => {
  const app = await gzipped(APP);
  const react = await gzipped(REACT, []);
  const rows: Row[] = [
    row(
      {
        name: "browser: useQuery + useMutation + preload, gzip, next to React's own",
        unit: "kB",
        value: app,
        baseline: react,
      },
      valueAtMost(9, "kB"),
    ),
  ];
  const withPagination = await gzipped(`${APP}\n${PAGINATION}`).catch(() => undefined);
  if (withPagination === undefined) bench.note("usePaginatedQuery is not exported, so its row is left out");
  else {
    const name = "browser: usePaginatedQuery on top";
    rows.push(row({ name, unit: "kB", value: withPagination - app, baseline: app }, valueAtMost(1.5, "kB")));
  }
  return rows;
};

/** Kilobytes of 1,000 bytes. */
async function gzipped(contents: string, external = ["react", "react-dom"]): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external,
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length / 1000;
}
