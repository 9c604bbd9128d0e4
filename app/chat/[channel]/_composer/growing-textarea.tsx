import type { ComponentProps } from "react";

/**
 * A textarea as tall as its text, up to a third of the window. An invisible copy of the text in the same grid cell gives
 * the height, so no script measures it.
 */
export function GrowingTextarea(props: ComponentProps<"textarea">) {
  const cell = "[grid-area:1/1] min-h-9 py-1.5 leading-6 wrap-anywhere whitespace-pre-wrap";
  return (
    <div className="grid max-h-[33dvh] min-w-0 flex-1 overflow-y-auto">
      <textarea
        {...props}
        rows={1}
        className={`${cell} resize-none overflow-hidden bg-transparent outline-none placeholder:text-soft`}
      />
      <div aria-hidden="true" className={`${cell} pointer-events-none invisible`}>
        {`${props.value} `}
      </div>
    </div>
  );
}
