import type { Group } from "../bench.ts"; export const page: Group = async () => [];
