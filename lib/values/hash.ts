/**
 * A fingerprint of a text: a signed integer of 32 bits, the same in every browser and on every server. It finds mistakes,
 * and no more: texts of the same fingerprint are easily made. Multiply-xor mixing with the finaliser of MurmurHash3
 * (public domain).
 */
export function hashText(text: string): number {
  let hash = 0xdeadbeef ^ text.length;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * A check of a result with a list in it, of at most 4 characters: both ends compute it after a patch.
 * @param rows The fingerprints of the rows' wire texts.
 * @param around The fingerprint of the result's wire text without the rows.
 */
export function checkOf(rows: readonly number[], around: number): string {
  let check = around;
  for (const row of rows) check = (Math.imul(check, 31) + row) | 0;
  return (check >>> 0).toString(36).slice(-4);
}
