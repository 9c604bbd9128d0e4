/**
 * Keeps this process awake while it waits. A server's write to a process that sleeps costs the server several microseconds
 * more, in which the kernel wakes that process. How often it sleeps depends on how fast it reads, so a server that sends
 * little would pay more for each write than one that sends much.
 */
export async function polling<T>(work: () => Promise<T>): Promise<T> {
  let isWaiting = true;
  const poll = (): void => {
    if (isWaiting) setImmediate(poll);
  };
  poll();
  try {
    return await work();
  } finally {
    isWaiting = false;
  }
}
