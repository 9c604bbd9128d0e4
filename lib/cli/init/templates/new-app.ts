/** The files of an app that is written into an empty folder, beside those that every project gets. */

/** `app/layout.tsx`. */
export const layout = `import { ConvexProvider } from "convex-lite/react";
import type { Metadata } from "next";
import type { ReactNode } from "react";

export const metadata: Metadata = { title: "My app" };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <ConvexProvider>{children}</ConvexProvider>
      </body>
    </html>
  );
}
`;

/** `app/page.tsx` of an app with the example. */
export const pageWithChat = `import Link from "next/link";

export default function Page() {
  return (
    <main>
      <h1>My app</h1>
      <Link href="/chat">Open the chat</Link>
    </main>
  );
}
`;

/** `app/page.tsx` of an app without the example. */
export const plainPage = `export default function Page() {
  return <h1>My app</h1>;
}
`;

/** `tsconfig.json`, as Next itself would complete it. */
export const tsconfig = `{
  "compilerOptions": {
    "target": "ES2022",
    "lib": ["dom", "dom.iterable", "esnext"],
    "allowJs": true,
    "skipLibCheck": true,
    "strict": true,
    "noEmit": true,
    "esModuleInterop": true,
    "module": "esnext",
    "moduleResolution": "bundler",
    "resolveJsonModule": true,
    "isolatedModules": true,
    "jsx": "react-jsx",
    "incremental": true,
    "plugins": [{ "name": "next" }],
    "paths": { "@/*": ["./*"] }
  },
  "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts", ".next/dev/types/**/*.ts"],
  "exclude": ["node_modules"]
}
`;

/** What git leaves out of a new app, before the lines of convex-lite. */
export const gitignoreOfNewApp = `node_modules/
.next/
next-env.d.ts
*.tsbuildinfo
.env*
`;
