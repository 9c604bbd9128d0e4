import { ConvexProvider } from "convex-lite/react";
import type { ReactNode } from "react";

export const metadata = { title: "A shop", icons: { icon: "data:," } };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <ConvexProvider>{children}</ConvexProvider>
      </body>
    </html>
  );
}
