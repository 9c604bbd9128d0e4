/**
 * A fingerprint of a text: a signed integer of 32 bits, the same in every browser and on every server. It finds mistakes,
 * and no more: texts of the same fingerprint are easily made.
 */
export function hashText(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mixed(hash, text.charCodeAt(i));
  return mixed(mixed(hash, 0), 0); // so that the last character, too, changes half of the bits
}

/**
 * A check of a result with a list in it, of at most 4 characters: both ends compute it after a patch.
 * @param rows The fingerprints of the rows' wire texts.
 * @param around The fingerprint of the result's wire text without the rows.
 */
export function checkOf(rows: readonly number[], around: number): string {
  return (rows.reduce(mixed, around) >>> 0).toString(36).slice(-4);
}

/** A multiplication spreads a part to the higher bits, a shift to the lower ones. */
function mixed(hash: number, part: number): number {
  const product = Math.imul(hash ^ part, 0x9e3779b1);
  return product ^ (product >>> 15);
}
