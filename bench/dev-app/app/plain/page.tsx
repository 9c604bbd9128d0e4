import { Label } from "../label";

/** A page without convex-lite. */
export default function PlainPage() {
  return <Label />;
}
