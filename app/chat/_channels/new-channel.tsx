"use client";

import { useParams, useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { MESSAGE_FIELD } from "@/app/chat/_channels/message-field";
import { NewChannelForm } from "@/app/chat/_channels/new-channel-form";

/** A button, and the dialog that it opens. */
export function NewChannel() {
  const router = useRouter();
  const dialog = useRef<HTMLDialogElement>(null);
  const [closings, setClosings] = useState(0);
  const [created, setCreated] = useState<string>();
  const { channel: current } = useParams<{ channel?: string }>();

  function visit(name: string) {
    dialog.current?.close();
    setCreated(name);
    router.push(`/chat/${name}`);
  }

  // The page of the new channel is there: its reader can write the first message.
  useEffect(() => {
    if (created === undefined || created !== current) return;
    document.getElementById(MESSAGE_FIELD)?.focus();
    setCreated(undefined);
  }, [created, current]);

  return (
    <>
      <button
        type="button"
        onClick={() => dialog.current?.showModal()}
        className="flex min-h-9 w-full shrink-0 items-center gap-1.5 rounded-lg px-3 text-soft hover:bg-line/50 hover:text-ink noscript:hidden"
      >
        <span aria-hidden="true" className="w-3 text-center text-soft">
          +
        </span>
        <span className="sr-only md:not-sr-only">New channel</span>
      </button>
      <dialog
        ref={dialog}
        onClose={() => setClosings(closings + 1)}
        aria-labelledby="new-channel"
        className="m-auto w-[min(26rem,calc(100vw-2rem))] rounded-2xl border border-line bg-paper p-6 text-ink shadow-2xl backdrop:bg-black/40"
      >
        <h2 id="new-channel" className="font-serif text-2xl italic">
          New channel
        </h2>
        {/* The new key makes each opening start with an empty form, without the name and error of the last one. */}
        <NewChannelForm key={closings} onCreated={visit} onCancel={() => dialog.current?.close()} />
      </dialog>
    </>
  );
}
