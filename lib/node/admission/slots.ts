/** Why a slot is not to be had: all are taken, or the address has all that one address may have. */
export type NoSlot = "full" | "addressFull";

/** Gives a slot back. Calling it again does nothing. */
export type Release = () => void;

/** Counts what clients hold at the same time: all of them together, and those of one address. */
export class Slots {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #byAddress = new Map<string, number>();
  #taken = 0;

  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  /** @param address Of the client. Undefined: it is counted among all clients only. */
  take(address: string | undefined): NoSlot | Release {
    const own = address === undefined ? 0 : (this.#byAddress.get(address) ?? 0);
    if (own >= this.#mostPerAddress) return "addressFull";
    if (this.#taken >= this.#most) return "full";
    this.#taken++;
    if (address !== undefined) this.#byAddress.set(address, own + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#giveBack(address);
      isHeld = false;
    };
  }

  #giveBack(address: string | undefined): void {
    this.#taken--;
    if (address === undefined) return;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
