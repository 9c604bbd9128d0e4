/** Admits a limited number of holders at a time, in the order in which they asked. */
export class Semaphore {
  readonly #waiting: Array<{ begin(): void; refuse(error: Error): void }> = [];
  #free: number;

  /** @param places How many holders are admitted at once. */
  constructor(places = 1) {
    this.#free = places;
  }

  /**
   * Waits for a place. Resolves with the function that gives it back; calling that again does nothing.
   * @param wait Milliseconds to wait at most.
   * @param late Makes the error for a wait that took too long.
   * @throws the error of `late`, or that of `refuseAll` when it is called first.
   */
  take(wait: number, late: () => Error): Promise<() => void> {
    if (this.#free > 0) return Promise.resolve(this.#begin());
    return new Promise((resolve, reject) => {
      const place = {
        begin: () => {
          clearTimeout(timer);
          resolve(this.#begin());
        },
        refuse: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(place), 1);
        reject(late());
      }, wait);
      this.#waiting.push(place);
    });
  }

  /** Rejects every `take` that waits. Places that were given stay taken. */
  refuseAll(error: Error): void {
    for (const place of this.#waiting.splice(0)) place.refuse(error);
  }

  #begin(): () => void {
    this.#free--;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#free++;
      this.#waiting.shift()?.begin();
    };
  }
}
