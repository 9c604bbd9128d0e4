/** Gives so many holders at a time their turn, in the order in which they asked. */
export class Semaphore {
  readonly #waiting: Array<{ begin(): void; refuse(error: Error): void }> = [];
  #free: number;

  /** @param places How many may hold a turn at once. */
  constructor(places = 1) {
    this.#free = places;
  }

  /**
   * Resolves when it is the caller's turn, with the function that ends it. Calling that twice does nothing.
   * @param wait Milliseconds after which the caller gives up.
   * @throws what `late` returns, once `wait` has passed; what `refuseAll` was given, if that came first.
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

  /** Sends everyone away who waits. Whoever has the turn keeps it. */
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
