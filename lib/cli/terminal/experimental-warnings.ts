/** Leaves out Node's warnings of experimental features, which are used on purpose. Other warnings stay, in a line each. */
export function hideExperimentalWarnings(): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    if (name !== "ExperimentalWarning") console.error(`${name}: ${message}`);
  });
}
