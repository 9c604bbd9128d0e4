/** The time zone in which times are shown: the reader's, or UTC while that is unknown. */
export type Zone = "local" | "utc";

/** The day of a moment, such as `2026-11-23`. Days in this form sort chronologically. */
export function dayOf(moment: Date, zone: Zone): string {
  if (zone === "utc") return moment.toISOString().slice(0, 10);
  const month = String(moment.getMonth() + 1).padStart(2, "0");
  return `${moment.getFullYear()}-${month}-${String(moment.getDate()).padStart(2, "0")}`;
}

/** The time of a moment, such as `14:05`; in the local zone in the format of the reader's language. */
export function timeOf(moment: Date, zone: Zone): string {
  return zone === "utc" ? moment.toISOString().slice(11, 16) : localTime.format(moment);
}

/**
 * The name of a day: Today, Yesterday, Monday 23 November, 23 November 2025.
 * @param today The reader's day; if it is null, every day is named by its full date.
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
// A day such as "2026-11-23" is parsed as midnight UTC, so it is formatted in UTC as well.
const nearDate = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const fullDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
