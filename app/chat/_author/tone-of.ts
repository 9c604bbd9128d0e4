const tones = [
  "text-tone-1",
  "text-tone-2",
  "text-tone-3",
  "text-tone-4",
  "text-tone-5",
  "text-tone-6",
  "text-tone-7",
  "text-tone-8",
] as const;

/** The colour of an author's name: always the same for the same name. */
export function toneOf(author: string): string {
  let sum = 0;
  for (const character of author) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 8191;
  return tones[sum % tones.length] ?? tones[0];
}
