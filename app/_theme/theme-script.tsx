"use client";

/** Applies the reader's choice of theme before the first paint. Without a choice the system's setting applies. */
export function ThemeScript() {
  return (
    <script
      // The browser runs it while it parses the HTML. When React renders it again, it must not run a second time.
      type={typeof window === "undefined" ? "text/javascript" : "text/plain"}
      suppressHydrationWarning
      // biome-ignore lint/security/noDangerouslySetInnerHtml: it is the constant below
      dangerouslySetInnerHTML={{ __html: APPLY_CHOICE }}
    />
  );
}

const APPLY_CHOICE = `try{const theme=localStorage.getItem("theme");if(theme)document.documentElement.dataset.theme=theme}catch{}`;
