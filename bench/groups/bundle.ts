import type { Group } from "../bench.ts"; export const bundle: Group = async () => [];
