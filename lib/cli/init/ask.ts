/** Is there a person at a terminal who can answer? */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI;
}

/** Asks the one question of `init`. @returns undefined when it was interrupted with Ctrl+C. */
export async function ask(question: string): Promise<boolean | undefined> {
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: question });
  return isCancel(answer) ? undefined : answer;
}
