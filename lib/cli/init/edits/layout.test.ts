import { describe, expect, test } from "vitest";
import { editLayout } from "./layout.ts";

const imported = 'import { ConvexProvider } from "convex-lite/react";';

async function edited(before: string): Promise<string> {
  const edit = await editLayout(before);
  return edit.kind === "change" ? edit.text : edit.kind;
}

describe("a layout gets the provider", () => {
  test("around its children, and the import behind the last one", async () => {
    const layout = `import type { Metadata } from "next";
import {
  Geist,
  Geist_Mono,
} from "next/font/google";
import "./globals.css";

export default function RootLayout({ children }: LayoutProps<"/">) {
  return (
    <html lang="en">
      <body className="flex">{children}</body>
    </html>
  );
}
`;
    expect(await edited(layout)).toBe(
      layout
        .replace('"./globals.css";', `"./globals.css";\n${imported}`)
        .replace("{children}</body>", "<ConvexProvider>{children}</ConvexProvider></body>"),
    );
  });

  test.each([
    {
      what: "inside other providers",
      layout: `import { ThemeProvider } from "./theme";
export default ({ children }) => <html><body><ThemeProvider>{children}</ThemeProvider></body></html>;`,
      holds: "<ThemeProvider><ConvexProvider>{children}</ConvexProvider></ThemeProvider>",
    },
    {
      what: "of an arrow function",
      layout: `import "./a.css";
const Layout = ({ children }: { children: React.ReactNode }) => <html><body>{children}</body></html>;
export default Layout;`,
      holds: "<body><ConvexProvider>{children}</ConvexProvider></body>",
    },
    {
      what: "that are a field of the props",
      layout: `import "./a.css";
export default function Layout(props) { return <html><body>{props.children}</body></html>; }`,
      holds: "<ConvexProvider>{props.children}</ConvexProvider>",
    },
    {
      what: "of an async function",
      layout: `import { cookies } from "next/headers";
export default async function Layout({ children }) { await cookies(); return <html><body>{ children }</body></html>; }`,
      holds: "<ConvexProvider>{ children }</ConvexProvider>",
    },
    {
      what: "beside comments and texts that hold {children}",
      layout: `import "./a.css";
/*
import "./old.css";
*/
// {children}
const note = \`
import x from "y";
{children}\`;
export default function Layout({ children }) { return <html title="{children}"><body>{/* {children} */}{children}</body></html>; }`,
      holds: "<body>{/* {children} */}<ConvexProvider>{children}</ConvexProvider></body>",
    },
    {
      what: "of a client layout, below its directive",
      layout: `"use client";
import { useState } from "react";
export default function Layout({ children }) { useState(0); return <html><body>{children}</body></html>; }`,
      holds: `"use client";\nimport { useState } from "react";\n${imported}`,
    },
    {
      what: "in text with apostrophes",
      layout: `import "./a.css";
export default function Layout({ children }) { return <html><body><p>It's Ada's</p>{children}</body></html>; }`,
      holds: "<p>It's Ada's</p><ConvexProvider>{children}</ConvexProvider>",
    },
    {
      what: "without imports",
      layout: "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
      holds: `${imported}\nexport default`,
    },
    {
      what: "in the style of the file",
      layout: `import './a.css'
import { x } from './x'
export default function Layout({ children }) { return <html><body>{children}{x}</body></html> }`,
      holds: "import { x } from './x'\nimport { ConvexProvider } from 'convex-lite/react'\nexport",
    },
  ])("$what", async ({ layout, holds }) => {
    const text = await edited(layout);
    expect(text).toContain(holds);
    expect(text.split("<ConvexProvider>").length).toBe(2);
    expect(await edited(text)).toBe("same");
  });

  test("with the line ends of the file", async () => {
    const layout = `import "./a.css";\r\nexport default ({ children }) => <html><body>{children}</body></html>;\r\n`;
    expect(await edited(layout)).toContain(`import "./a.css";\r\n${imported}\r\nexport`);
  });
});

test.each([
  {
    what: "with two places for the children",
    layout: `import "./a.css";
export default function Layout({ children }) {
  if (process.env.PLAIN) return <html><body>{children}</body></html>;
  return <html><body><main>{children}</main></body></html>;
}`,
  },
  {
    what: "that passes the children on in another way",
    layout: `import { Shell } from "./shell";
export default function Layout(props) { return <Shell {...props} />; }`,
  },
  { what: "that does not compile", layout: "export default ({ children }) => <html><body>{children}</html>;" },
])("a layout $what is left to the reader", async ({ layout }) => {
  expect(await edited(layout)).toBe("manual");
});
