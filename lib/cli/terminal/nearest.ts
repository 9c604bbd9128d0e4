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

/** How many characters must be added, removed or replaced to make one text of the other. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (one[line - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
