/** The name of a channel for what a reader has typed: `Release Notes` becomes `release-notes`. The server checks the name. */
export function channelNameOf(typed: string): string {
  return typed
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, 32)
    .replace(/-$/, "");
}
