import type { FunctionReturnType } from "convex-lite/server";
import { expectTypeOf } from "vitest";
import type { api } from "./convex/_generated/api";

/** A client cannot tell by the types which database there is. */
interface Card {
  id: string;
  columnId: string;
  title: string;
  position: number;
  labels: string[];
  cost: bigint;
  isDone: boolean;
  dueAt: Date | null;
}

expectTypeOf<FunctionReturnType<typeof api.boards.get>>().toEqualTypeOf<{
  columns: { title: string; cards: Card[] }[];
  id: string;
  name: string;
  budget: bigint;
  createdAt: Date;
} | null>();
expectTypeOf<FunctionReturnType<typeof api.boards.overview>>().toEqualTypeOf<
  { done: number; cost: bigint; name: string; budget: bigint; createdAt: Date; cards: number }[]
>();
expectTypeOf<FunctionReturnType<typeof api.messages.list>>().toEqualTypeOf<
  { id: string; channel: string; author: string; text: string; sentAt: Date }[]
>();
expectTypeOf<FunctionReturnType<typeof api.messages.channels>>().toEqualTypeOf<
  { channel: string; messages: number; latest: Date | null }[]
>();
expectTypeOf<FunctionReturnType<typeof api.cards.byCost>["page"][number]>().toEqualTypeOf<{
  id: string;
  title: string;
  cost: bigint;
  column: string;
}>();
expectTypeOf<FunctionReturnType<typeof api.cards.moveEach>>().toEqualTypeOf<number>();
