/** Asked for by `pnpm test:databases`: more seeds, and on every database what `pnpm test` shows on some. */
export const thorough = process.env.THOROUGH === "1";
