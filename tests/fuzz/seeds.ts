/** The outcome of one seed: its faults in words, and figures. */
export interface SeedResult {
  faults: string[];
}

export interface SeedRun {
  name: string;
  first: number;
  /** How many, or for how long: `100`, `60s`. */
  many: string;
  run(seed: number): Promise<SeedResult>;
  /** The command that repeats a seed. */
  again(seed: number): string;
}

/** Runs one seed after the other and prints the outcome. Ends the process with 1 at the first seed that fails. */
export async function runSeeds({ name, first, many, run, again }: SeedRun): Promise<void> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const mayGoOn = many.endsWith("s") ? () => seconds() < Number.parseFloat(many) : () => done < Number(many);
  const sums = new Map<string, number>();
  let done = 0;
  for (let seed = first; mayGoOn(); seed++) {
    const result = await run(seed);
    if (result.faults.length > 0) return fail(`${name}: seed ${seed} fails. Again: ${again(seed)}`, result.faults);
    for (const [counted, number] of Object.entries(result)) {
      if (counted !== "seed" && typeof number === "number") sums.set(counted, (sums.get(counted) ?? 0) + number);
    }
    done++;
  }
  const counted = [...sums].map(([what, sum]) => `${sum} ${what}`).join(", ");
  const rate = (done / seconds()).toFixed(1);
  console.log(
    `${name}: seeds ${first} to ${first + done - 1}, ${done} in ${seconds().toFixed(1)} s (${rate}/s): no fault; ${counted}`,
  );
}

function fail(what: string, faults: string[]): never {
  console.error(what);
  for (const fault of faults.slice(0, 8)) console.error(`- ${fault}`);
  process.exit(1);
}
