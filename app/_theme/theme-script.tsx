"use client";

/** Applies the reader's choice of theme before the first paint. Without a choice the system's setting counts. */
export function ThemeScript() {
  return (
    <script
      // The browser runs it while it parses the HTML; when React renders it anew there is nothing left to do.
      type={typeof window === "undefined" ? "text/javascript" : "text/plain"}
      suppressHydrationWarning
      // biome-ignore lint/security/noDangerouslySetInnerHtml: the text below, and nothing from outside
      dangerouslySetInnerHTML={{ __html: APPLY_CHOICE }}
    />
  );
}

const APPLY_CHOICE = `try{const theme=localStorage.getItem("theme");if(theme)document.documentElement.dataset.theme=theme}catch{}`;
