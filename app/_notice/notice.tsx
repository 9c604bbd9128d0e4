import type { ReactNode } from "react";

/** A page, or a part of one, with nothing but a title, a sentence and what to do next. */
export function Notice({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <div className="m-auto max-w-md px-6 py-16 text-center">
      <h1 className="text-balance font-serif text-3xl italic wrap-anywhere">{title}</h1>
      <p className="mt-3 text-pretty text-soft wrap-anywhere">{text}</p>
      <div className="mt-6 flex flex-wrap justify-center gap-3">{children}</div>
    </div>
  );
}
