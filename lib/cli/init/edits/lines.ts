/** How the lines of a text end. Text that is added ends its lines in the same way. */
export function lineEndOf(text: string): "\r\n" | "\n" {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Adds text at the end, on a line of its own, with the line ends of what is there. */
export function append(before: string, added: string): string {
  const end = lineEndOf(before);
  const gap = before === "" || before.endsWith("\n") ? "" : end;
  return before + gap + added.replaceAll("\n", end);
}
