import { ConvexProvider } from "convex-lite/react";
import type { ReactNode } from "react";

export default function LiveLayout({ children }: { children: ReactNode }) {
  return <ConvexProvider>{children}</ConvexProvider>;
}
