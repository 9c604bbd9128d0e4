/** The number is shown when no more than these are left. */
const NEAR = 200;

export function RemainingCharacters({ id, count }: { id: string; count: number }) {
  return (
    <span id={id} aria-live="polite" className="shrink-0 py-2 text-soft text-sm tabular-nums">
      {count < 0 ? <b className="text-danger">{-count} too many</b> : count <= NEAR ? `${count} left` : null}
    </span>
  );
}
