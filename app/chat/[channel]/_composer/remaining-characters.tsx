/** From here on it is worth knowing how many are left. */
const NEAR = 200;

export function RemainingCharacters({ id, count }: { id: string; count: number }) {
  return (
    <span id={id} aria-live="polite" className="self-center text-soft text-xs tabular-nums">
      {count < 0 ? <b className="text-danger">{-count} too many</b> : count <= NEAR ? `${count} left` : null}
    </span>
  );
}
