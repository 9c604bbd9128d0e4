/** What this is, and where its code is. */
export function About() {
  return (
    <p className="text-pretty">
      The demo of convex-lite. Its pages are in <code className="text-ink">app/chat</code>, its queries and mutations in{" "}
      <code className="text-ink">convex</code>.
    </p>
  );
}
