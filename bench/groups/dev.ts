import type { Group } from "../bench.ts";
import { DevProject, FILES } from "../dev-project.ts";
import { WatchingPage } from "../load/watching-page.ts";
import { median, percentile, type Row, ratioAtMost, row, valueAtMost } from "../report/row.ts";

const RELOADS = 1_000;
/** Reloads before the first look at the memory, so that all code has been compiled. */
const WARM_UP = 100;
const COMPONENT_SAVES = 100;
const COLD_STARTS = 3;

/** What an author waits for: from a save, and from the start of `dev`, until it is seen in a browser. */
export const dev: Group = async ({ cores, note }) => {
  await using project = await DevProject.create(cores);
  await using page = await WatchingPage.open();
  const rows = await coldStarts(project, page);
  return [...rows, ...(await saves(project, page, note))];
};

async function coldStarts(project: DevProject, page: WatchingPage): Promise<Row[]> {
  const live: number[] = [];
  const plain: number[] = [];
  for (let i = 0; i < COLD_STARTS; i++) {
    await project.reset();
    plain.push(await seconds(page, "label 0", () => project.startNext(), `${project.url}/plain`));
    await project.reset();
    live.push(await seconds(page, "f0 0", () => project.startDev(), project.url));
  }
  const what = { name: "cold dev → first page", unit: "s", value: median(live), baseline: median(plain) };
  return [row(what, ratioAtMost(2))];
}

async function seconds(page: WatchingPage, text: string, start: () => Promise<void>, url: string): Promise<number> {
  // The page of the server before would reload itself when this one answers.
  await page.goto("about:blank");
  const began = clock();
  await start();
  await page.goto(url);
  return ((await page.timeOf(text)) - began) / 1000;
}

/** The last cold start has left the server of development running, with the page open. */
async function saves(project: DevProject, page: WatchingPage, note: (text: string) => void): Promise<Row[]> {
  /** Saves one file after the other: `i` counts all saves. */
  const reload = async (i: number): Promise<number> => {
    const file = i % FILES;
    const version = 1 + Math.floor(i / FILES);
    const began = clock();
    project.save(file, version);
    return (await page.timeOf(`f${file} ${version}`)) - began;
  };
  const refresh = async (version: number): Promise<number> => {
    const began = clock();
    project.saveComponent(version);
    return (await page.timeOf(`label ${version}`)) - began;
  };

  for (let i = 0; i < FILES; i++) await page.timeOf(`f${i} 0`);
  for (let i = 0; i < WARM_UP; i++) await reload(i);
  const before = await project.held();
  const reloads: number[] = [];
  for (let i = 0; i < RELOADS; i++) reloads.push(await reload(WARM_UP + i));
  const after = await project.held();
  const refreshes: number[] = [];
  for (let i = 1; i <= COMPONENT_SAVES; i++) refreshes.push(await refresh(i));
  note(`${RELOADS} reloads of ${FILES} files, the slowest after ${Math.max(...reloads).toFixed(0)} ms`);

  const saved = (share: number) => ({
    name: `save in convex/ → visible, p${share * 100}`,
    unit: "ms",
    value: percentile(reloads, share),
    baseline: percentile(refreshes, share),
  });
  const megabytes = (bytes: number) => bytes / 2 ** 20;
  return [
    row(saved(0.5), valueAtMost(60, "ms")),
    row(saved(0.95), valueAtMost(150, "ms")),
    row(
      {
        name: `memory after ${RELOADS} reloads`,
        unit: "MiB",
        value: megabytes(after.bytes),
        baseline: megabytes(before.bytes),
      },
      ratioAtMost(1.05),
    ),
    row(
      { name: `listeners after ${RELOADS} reloads`, unit: "", value: after.listeners, baseline: before.listeners },
      ratioAtMost(1),
    ),
  ];
}

/** Milliseconds since 1970, with fractions. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}
