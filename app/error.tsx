"use client";

import { Notice } from "@/app/_notice/notice";

export default function ErrorPage({ retry }: { error: unknown; retry: () => void }) {
  return (
    <main className="grid min-h-dvh">
      <Notice title="Something went wrong" text="The server could not answer. Try again in a moment.">
        <button type="button" className="button" onClick={() => retry()}>
          Try again
        </button>
      </Notice>
    </main>
  );
}
