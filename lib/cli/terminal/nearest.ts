import { editsBetween } from "../../node/commands/edits-between.ts";

/**
 * The hint at the name that was probably meant.
 * @returns ` Did you mean codegen?`, with the space in front; an empty text if no name is near.
 */
export function didYouMean(found: string, names: readonly string[]): string {
  const nearest = names
    .map((name) => ({ name, edits: editsBetween(found, name) }))
    .sort((one, other) => one.edits - other.edits)[0];
  return nearest && nearest.edits <= Math.max(1, Math.floor(found.length / 3)) ? ` Did you mean ${nearest.name}?` : "";
}
