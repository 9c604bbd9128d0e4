"use client";

import { ConvexError, useMutation } from "convex-lite/react";
import Link from "next/link";
import { useParams } from "next/navigation";
import { Notice } from "@/app/_notice/notice";
import { spellChannelName } from "@/app/chat/_channels/channel-name";
import { api } from "@/convex/_generated/api";

/** Said of an address that no channel has; offers to create the channel where the address is spelled like one. */
export function MissingChannel() {
  const { channel } = useParams<{ channel: string }>();
  const { mutate: create, isPending, error } = useMutation(api.channels.create);
  const couldExist = channel === spellChannelName(channel).replace(/-$/, "");

  async function createIt() {
    try {
      await create({ name: channel });
    } catch (failure) {
      // A ConvexError says that the name is taken: somebody was faster, and the channel is there all the same.
      if (!(failure instanceof ConvexError)) return;
    }
    // Next shows its not-found page until the path changes, also when the page exists by now.
    window.location.reload();
  }

  return (
    <Notice
      title={couldExist ? `There is no #${channel} yet` : "There is no such channel"}
      text={error ? error.message : "Nobody has opened it, or its name is spelled another way."}
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
