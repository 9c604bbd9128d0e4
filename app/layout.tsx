import "./globals.css";
import { ConvexProvider } from "convex-lite/react";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { ThemeScript } from "@/app/_theme/theme-script";

export const metadata: Metadata = {
  title: { default: "Clearing", template: "%s · Clearing" },
  description: "A live chat on Next.js, a SQL database and convex-lite.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f8f6f0" },
    { media: "(prefers-color-scheme: dark)", color: "#141816" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The theme script sets an attribute on this element before React hydrates it.
    <html lang="en" suppressHydrationWarning>
      <head>
        <ThemeScript />
      </head>
      <body>
        <ConvexProvider>{children}</ConvexProvider>
      </body>
    </html>
  );
}
