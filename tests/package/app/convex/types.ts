import type { FunctionArgs, FunctionReturnType } from "convex-lite/client";
import type { api } from "./_generated/api";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

// The rows of `db.query.messages.findMany()`, as the schema says.
export const rows: Same<
  FunctionReturnType<typeof api.messages.list>,
  { id: number; channel: string; text: string }[]
> = true;
export const args: Same<FunctionArgs<typeof api.messages.send>, { channel: string; text: string }> = true;
// @ts-expect-error A text is expected.
export const wrong: FunctionArgs<typeof api.messages.send> = { channel: "general", text: 1 };
