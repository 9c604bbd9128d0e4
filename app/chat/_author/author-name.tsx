"use client";

import { type KeyboardEvent, useState } from "react";
import { toneOf } from "@/app/chat/_author/tone-of";
import { useAuthor } from "@/app/chat/_author/use-author";

/** The author of the next message: a field in a sentence. */
export function AuthorName() {
  const { name, isChosen, choose } = useAuthor();
  const [draft, setDraft] = useState<string | null>(null);

  if (name === null) return <p className="h-9" />;

  function save() {
    if (draft !== null) choose(draft.trim());
    setDraft(null);
  }

  function handleKey(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key === "Escape") setDraft(null);
    if (event.key === "Enter" && !event.nativeEvent.isComposing) event.currentTarget.blur();
  }

  return (
    <p className="mt-1.5 flex min-h-8 flex-wrap items-center gap-x-1.5 text-sm text-soft">
      <span aria-hidden="true">Writing as</span>
      <label className="flex min-h-8 min-w-0 max-w-full cursor-text items-center gap-1.5 rounded-md border border-edge border-dashed px-2 hover:border-solid hover:bg-raised focus-within:border-accent focus-within:border-solid focus-within:bg-raised">
        <span className="sr-only">Writing as (your name)</span>
        <input
          aria-describedby={isChosen ? undefined : "author-name-hint"}
          value={draft ?? name}
          maxLength={40}
          autoComplete="nickname"
          spellCheck={false}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={save}
          onKeyDown={handleKey}
          className={`field-sizing-content w-40 min-w-20 max-w-full bg-transparent font-semibold outline-none supports-[field-sizing:content]:w-auto ${toneOf(draft ?? name)}`}
        />
        <Pencil />
      </label>
      {!isChosen && (
        <span id="author-name-hint" className="sr-only @md:not-sr-only">
          for now. Choose a name of your own.
        </span>
      )}
    </p>
  );
}

function Pencil() {
  return (
    <svg viewBox="0 0 16 16" className="size-3.5 shrink-0 text-soft" aria-hidden="true">
      <path
        d="m10.8 2.7 2.5 2.5M3 13l.6-3.1 7.2-7.2a1.2 1.2 0 0 1 1.7 0l.8.8a1.2 1.2 0 0 1 0 1.7l-7.2 7.2L3 13Z"
        fill="none"
        stroke="currentColor"
        strokeLinejoin="round"
        strokeWidth="1.25"
      />
    </svg>
  );
}
