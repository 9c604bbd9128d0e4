/**
 * Development: makes a failure point to the line of the application that has made the call. An error from the server is
 * made when its message arrives, and its own stack holds lines of the framework only.
 * @param reject Rejects the promise of the call that is made now.
 */
export function withCallerStack(reject: (error: Error) => void): (error: Error) => void {
  const frames = new Error().stack?.replace(/^Error.*\n/, "");
  return (error) => {
    if (frames !== undefined) error.stack = `${error.name}: ${error.message}\n${frames}`;
    reject(error);
  };
}
