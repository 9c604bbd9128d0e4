"use client";

/** Switches between light and dark. A choice that equals the system's setting is deleted, so that the page follows it. */
export function ThemeToggle() {
  return (
    <button
      type="button"
      onClick={toggleTheme}
      title="Switch between light and dark"
      aria-label="Switch between light and dark"
      className="grid size-9 place-items-center rounded-full text-soft hover:bg-line/60 hover:text-ink noscript:hidden"
    >
      <svg viewBox="0 0 20 20" className="size-4.5" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M10 3a7 7 0 0 1 0 14Z" fill="currentColor" />
      </svg>
    </button>
  );
}

function toggleTheme() {
  const root = document.documentElement;
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? preferred) === "dark" ? "light" : "dark";
  if (next === preferred) delete root.dataset.theme;
  else root.dataset.theme = next;
  remember(root.dataset.theme);
}

function remember(theme: string | undefined) {
  try {
    if (theme) localStorage.setItem("theme", theme);
    else localStorage.removeItem("theme");
  } catch {
    // If the browser refuses storage, the choice lasts as long as the page.
  }
}
