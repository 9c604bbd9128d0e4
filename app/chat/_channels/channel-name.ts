/**
 * Turns what somebody types into the spelling of a channel's name, key by key: `Release Notes` becomes
 * `release-notes`. A dash at the end stays, for the next word may follow. The server has the last word.
 */
export function spellChannelName(typed: string): string {
  return typed
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, 32);
}
