"use client";

import { type KeyboardEvent, useState } from "react";
import { toneOf } from "@/app/chat/_author/tone-of";
import { useAuthor } from "@/app/chat/_author/use-author";

/** The author of the next message: a field that looks like text until the reader points at it or edits it. */
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
    <p className="flex min-h-9 flex-wrap items-center gap-x-1 text-sm text-soft">
      <label htmlFor="author-name">
        Writing as<span className="sr-only"> (your name)</span>
      </label>
      <input
        id="author-name"
        aria-describedby={isChosen ? undefined : "author-name-hint"}
        value={draft ?? name}
        maxLength={40}
        autoComplete="nickname"
        spellCheck={false}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={save}
        onKeyDown={handleKey}
        className={`field-sizing-content min-h-8 w-40 min-w-20 max-w-full rounded-md border border-transparent border-dashed bg-transparent px-1.5 font-semibold hover:border-edge focus:border-edge supports-[field-sizing:content]:w-auto ${toneOf(draft ?? name)}`}
      />
      {!isChosen && (
        <span id="author-name-hint" className="sr-only @md:not-sr-only">
          for now. Click to choose a name.
        </span>
      )}
    </p>
  );
}
