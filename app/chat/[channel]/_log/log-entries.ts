import { dayOf, type Zone } from "@/app/_browser/calendar";
import type { Message } from "@/app/chat/_outbox/pending-message";

export type LogEntry =
  | { kind: "day"; place: number; day: string }
  /** `startsGroup`: the author's name is shown beside it. Messages that follow soon after it have no name. */
  | { kind: "message"; place: number; message: Message; startsGroup: boolean };

const GROUP_GAP_MS = 5 * 60 * 1000;

/**
 * Messages as a reader sees them: under their day, with consecutive messages of one author as a group.
 * @param firstPlace The place of the first one; those after it have the places that follow.
 */
export function toLogEntries(messages: readonly Message[], zone: Zone, firstPlace = 0): LogEntry[] {
  const entries: LogEntry[] = [];
  let previous: { message: Message; day: string } | undefined;
  for (const [index, message] of messages.entries()) {
    const place = firstPlace + index;
    const day = dayOf(message.createdAt, zone);
    const isSameDay = day === previous?.day;
    if (!isSameDay) entries.push({ kind: "day", place, day });
    entries.push({
      kind: "message",
      place,
      message,
      startsGroup: !isSameDay || !continues(message, previous?.message),
    });
    previous = { message, day };
  }
  return entries;
}

function continues(message: Message, previous: Message | undefined): boolean {
  if (message.author !== previous?.author) return false;
  return message.createdAt.getTime() - previous.createdAt.getTime() < GROUP_GAP_MS;
}
