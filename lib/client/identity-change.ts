import type { PendingCalls } from "./calls/pending-calls.ts";
import type { ServerAnswers } from "./queries/server-answers.ts";

/**
 * Ends what belongs to the old identity when the server has found another one behind the connection: its answers are not
 * shown again, and calls that wait are not sent as the new one.
 * @returns whether the client has to connect again under a new client id, because mutations of the old identity have used
 *   this one.
 */
export function endIdentity(answers: ServerAnswers, calls: PendingCalls): boolean {
  answers.forget();
  calls.drop("identityChanged", "The identity changed.");
  return calls.isClientIdUsed;
}
