/** Whose clock a time is written by: the reader's, or everybody's while the reader's is unknown. */
export type Zone = "local" | "utc";

/** The day of a moment, such as `2026-11-23`. Days in this form sort as they follow each other. */
export function dayOf(moment: Date, zone: Zone): string {
  if (zone === "utc") return moment.toISOString().slice(0, 10);
  const month = String(moment.getMonth() + 1).padStart(2, "0");
  return `${moment.getFullYear()}-${month}-${String(moment.getDate()).padStart(2, "0")}`;
}

/** The time of a moment, such as `14:05`, or as the reader's language writes it. */
export function timeOf(moment: Date, zone: Zone): string {
  return zone === "utc" ? moment.toISOString().slice(11, 16) : localTime.format(moment);
}

/**
 * What to call a day: Today, Yesterday, Monday 23 November, 23 November 2025.
 * @param today The reader's today; null calls every day by its date.
 */
export function nameOfDay(day: string, today: string | null): string {
  if (day === today) return "Today";
  if (day === dayBefore(today)) return "Yesterday";
  const sameYear = day.slice(0, 4) === today?.slice(0, 4);
  return (sameYear ? nearDate : fullDate).format(new Date(day));
}

function dayBefore(day: string | null): string | null {
  return day && dayOf(new Date(Date.parse(day) - 24 * 60 * 60 * 1000), "utc");
}

const localTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
// A day such as "2026-11-23" is parsed as midnight UTC, so it is printed there too.
const nearDate = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const fullDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
