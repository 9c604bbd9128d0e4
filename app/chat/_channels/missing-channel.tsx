"use client";

import { ConvexError, useMutation } from "convex-lite/react";
import Link from "next/link";
import { useParams } from "next/navigation";
import { Notice } from "@/app/_notice/notice";
import { channelNameOf } from "@/app/chat/_channels/channel-name";
import { api } from "@/convex/_generated/api";

/** Shown for a path without a channel. Offers to create the channel if the path is spelled like the name of one. */
export function MissingChannel() {
  const { channel } = useParams<{ channel: string }>();
  const { mutate: create, isPending, error } = useMutation(api.channels.create);
  const couldExist = channel === channelNameOf(channel);

  async function createIt() {
    try {
      await create({ name: channel });
    } catch (failure) {
      // A ConvexError says that the name is taken: another reader has created the channel in the meantime.
      if (!(failure instanceof ConvexError)) return;
    }
    // Next shows its not-found page until the path changes, although the page exists now.
    window.location.reload();
  }

  return (
    <Notice
      title={couldExist ? `There is no #${channel} yet` : "There is no such channel"}
      text={error ? error.message : "It has not been created, or its name is spelled another way."}
    >
      {couldExist && (
        <button type="button" className="button noscript:hidden" disabled={isPending} onClick={createIt}>
          Create #{channel}
        </button>
      )}
      <Link href="/" className="button-quiet">
        Back to the first channel
      </Link>
    </Notice>
  );
}
