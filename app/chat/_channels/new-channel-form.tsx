"use client";

import { useMutation } from "convex-lite/react";
import { type FormEvent, useState } from "react";
import { channelNameOf } from "@/app/chat/_channels/channel-name";
import { api } from "@/convex/_generated/api";

interface NewChannelFormProps {
  onCreated: (name: string) => void;
  onCancel: () => void;
}

export function NewChannelForm({ onCreated, onCancel }: NewChannelFormProps) {
  const { mutate: create, isPending, error } = useMutation(api.channels.create);
  const [typed, setTyped] = useState("");
  const name = channelNameOf(typed);

  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      await create({ name });
      onCreated(name);
    } catch {
      // `error` says why, below the field.
    }
  }

  return (
    <form onSubmit={submit} className="mt-4">
      <label htmlFor="channel-name" className="font-medium text-sm">
        Name
      </label>
      <input
        id="channel-name"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        aria-describedby="channel-name-hint"
        aria-invalid={error !== undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="mt-1 block min-h-11 w-full rounded-lg border border-edge bg-raised px-3 aria-invalid:border-danger"
      />
      <p id="channel-name-hint" aria-live="polite" className={`mt-1.5 text-sm ${error ? "text-danger" : "text-soft"}`}>
        {error ? (
          explain(error)
        ) : name ? (
          <WillBe name={name} />
        ) : (
          "It will be spelled in lower-case letters, digits and dashes."
        )}
      </p>
      <div className="mt-5 flex justify-end gap-3">
        <button type="button" onClick={onCancel} className="button-quiet">
          Cancel
        </button>
        <button type="submit" disabled={isPending} className="button">
          {isPending ? "Creating…" : "Create channel"}
        </button>
      </div>
    </form>
  );
}

/** What a name becomes, while it is typed. */
function WillBe({ name }: { name: string }) {
  return (
    <>
      It will be <b className="text-ink wrap-anywhere">#{name}</b>
    </>
  );
}

type CreateError = NonNullable<ReturnType<typeof useMutation<typeof api.channels.create>>["error"]>;

function explain(error: CreateError): string {
  switch (error.kind) {
    case "application":
      return `#${error.data.name} exists already. Choose another name.`;
    case "badRequest":
      return error.issues[0]?.message ?? error.message;
    default:
      return error.message;
  }
}
