/** One line of the result. `value` and `baseline` are medians of the same run. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  baseline: number;
  /** `value / baseline`. */
  ratio: number;
  /** The bound: of the ratio, or of the value if it names a unit. */
  bound: string;
  ok: boolean;
}

/** A condition that a row must meet. */
export interface Bound {
  text: string;
  holds(row: Pick<Row, "value" | "ratio">): boolean;
}

/** Ratios are printed with two digits, but compared unrounded. */
export const ratioAtLeast = (least: number): Bound => ({
  text: `≥ ${least}`,
  holds: ({ ratio }) => ratio >= least,
});

export const ratioAtMost = (most: number): Bound => ({ text: `≤ ${most}`, holds: ({ ratio }) => ratio <= most });

export const ratioExactly = (expected: number): Bound => ({
  text: `= ${expected}`,
  holds: ({ ratio }) => ratio === expected,
});

export const valueAtMost = (most: number, unit: string): Bound => ({
  text: `≤ ${most} ${unit}`,
  holds: ({ value }) => value <= most,
});

export const valueExactly = (expected: number, unit: string): Bound => ({
  text: `= ${expected} ${unit}`,
  holds: ({ value }) => value === expected,
});

export function row(what: Pick<Row, "name" | "value" | "unit" | "baseline">, bound: Bound): Row {
  const { name, value, unit, baseline } = what;
  const ratio = value / baseline;
  return { name, value, unit, baseline, ratio, bound: bound.text, ok: bound.holds({ value, ratio }) };
}

/** The median. For an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The least value that is not exceeded by this share of the values: 0.95 for p95. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] as number;
}
