/**
 * Turns typed text into the spelling of a channel's name, after each key: `Release Notes` becomes `release-notes`. A dash at
 * the end is kept, because another word may follow. The server checks the name.
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
