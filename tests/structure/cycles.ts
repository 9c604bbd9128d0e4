/** What each thing knows. */
export type Arrows = ReadonlyMap<string, ReadonlySet<string>>;

/** The largest groups in which each thing leads to each other (Tarjan's strongly connected components), sorted. */
export function cyclesIn(arrows: Arrows): string[][] {
  const order = new Map<string, number>();
  const earliest = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];

  const visit = (name: string): number => {
    const at = order.size;
    order.set(name, at);
    open.push(name);
    let low = at;
    for (const other of arrows.get(name) ?? []) {
      if (!order.has(other)) low = Math.min(low, visit(other));
      else if (open.includes(other)) low = Math.min(low, earliest.get(other) ?? order.get(other) ?? low);
    }
    earliest.set(name, low);
    if (low === at) {
      const group = open.splice(open.indexOf(name));
      if (group.length > 1 || arrows.get(name)?.has(name)) cycles.push(group.sort());
    }
    return low;
  };

  for (const name of arrows.keys()) if (!order.has(name)) visit(name);
  return cycles.sort((a, b) => b.length - a.length);
}
