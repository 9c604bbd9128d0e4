import { nameOfDay } from "@/app/_browser/calendar";

/** The heading above the messages of a day. */
export function DayHeading({ day, today }: { day: string; today: string | null }) {
  return (
    <li className="flex items-center gap-4 px-4 pt-6 pb-2 first:pt-2">
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
      <time dateTime={day} data-zone={today === null ? "utc" : "local"} className="font-serif text-soft italic">
        {nameOfDay(day, today)}
      </time>
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
    </li>
  );
}
