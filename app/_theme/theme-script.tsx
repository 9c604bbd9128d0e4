/** Applies the reader's choice of theme before the first paint. Without a choice the system's setting counts. */
export function ThemeScript() {
  const apply = `try{const theme=localStorage.getItem("theme");if(theme)document.documentElement.dataset.theme=theme}catch{}`;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the text above, and nothing from outside
  return <script dangerouslySetInnerHTML={{ __html: apply }} />;
}
