/** The time zone in which times are shown: the reader's, or UTC while that is unknown. */
export type Zone = "local" | "utc";

/** The day of a moment, such as `2026-11-23`. Days in this form sort chronologically. */
export function dayOf(moment: Date, zone: Zone): string {
  if (zone === "utc") return moment.toISOString().slice(0, 10);
  const month = String(moment.getMonth() + 1).padStart(2, "0");
  return `${moment.getFullYear()}-${month}-${String(moment.getDate()).padStart(2, "0")}`;
}

/** The time of a moment, such as `14:05`; in the local zone as the reader's language writes it. */
export function timeOf(moment: Date, zone: Zone): string {
  return zone === "utc" ? moment.toISOString().slice(11, 16) : readers.time.format(moment);
}

/** Words, and the language that they are in. */
export interface Words {
  text: string;
  language: string;
}

/**
 * The name of a day, in the reader's language: Today, Yesterday, Monday 23 November, 23 November 2025.
 * @param today The reader's day. While it is null, nothing is known of the reader: every day is named by its full date in
 *   English.
 * @param formats How the reader's language writes days. Default: that of the browser.
 */
export function dayWords(day: string, today: string | null, formats: DayFormats = readers): Words {
  if (today === null) return { text: english.fullDate.format(new Date(day)), language: english.language };
  const { language } = formats;
  const distance = Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS);
  if (distance === 0 || distance === -1) {
    const word = formats.relative.format(distance, "day");
    return { text: word.charAt(0).toLocaleUpperCase(language) + word.slice(1), language };
  }
  const isThisYear = day.slice(0, 4) === today.slice(0, 4);
  return { text: (isThisYear ? formats.nearDate : formats.fullDate).format(new Date(day)), language };
}

const DAY_MS = 24 * 60 * 60 * 1000;

export type DayFormats = ReturnType<typeof formatsOf>;

/** @param locale Default: the browser's. */
export function formatsOf(locale?: string) {
  // A day such as "2026-11-23" is parsed as midnight UTC, so it is formatted in UTC as well.
  const day = { day: "numeric", month: "long", timeZone: "UTC" } as const;
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
  return {
    language: time.resolvedOptions().locale,
    time,
    relative: new Intl.RelativeTimeFormat(locale, { numeric: "auto" }),
    nearDate: new Intl.DateTimeFormat(locale, { ...day, weekday: "long" }),
    fullDate: new Intl.DateTimeFormat(locale, { ...day, year: "numeric" }),
  };
}

const english = formatsOf("en-GB");
const readers = formatsOf();
