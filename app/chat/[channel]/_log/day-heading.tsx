import { dayWords } from "@/app/_browser/calendar";

/** The heading above the messages of a day. */
export function DayHeading({ day, today }: { day: string; today: string | null }) {
  const { text, language } = dayWords(day, today);
  return (
    <li className="transcript pt-6 pb-2 first:pt-2">
      <div className="flex items-center gap-4 [grid-area:text]">
        <span aria-hidden="true" className="h-px flex-1 bg-line" />
        <time
          dateTime={day}
          lang={language}
          data-zone={today === null ? "utc" : "local"}
          className="font-serif text-soft italic"
        >
          {text}
        </time>
        <span aria-hidden="true" className="h-px flex-1 bg-line" />
      </div>
    </li>
  );
}
