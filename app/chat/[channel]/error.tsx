"use client";

import { Notice } from "@/app/_notice/notice";

export default function ChannelError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <Notice title="This channel did not open" text="The server could not answer. Try again in a moment.">
      <button type="button" className="button" onClick={() => retry()}>
        Try again
      </button>
    </Notice>
  );
}
