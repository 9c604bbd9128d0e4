import { afterEach, expect, test } from "vitest";
import { dayOf, dayWords, formatsOf, timeOf } from "./calendar";

const zoneOfThisMachine = process.env.TZ;
afterEach(() => {
  process.env.TZ = zoneOfThisMachine ?? "";
});

test("the day of a moment depends on the time zone", () => {
  const moment = new Date("2026-11-23T23:30:00Z");
  process.env.TZ = "Asia/Tokyo";
  expect(dayOf(moment, "local")).toBe("2026-11-24");
  expect(dayOf(moment, "utc")).toBe("2026-11-23");
});

test("a time in UTC does not depend on the machine's time zone", () => {
  process.env.TZ = "America/New_York";
  expect(timeOf(new Date("2026-11-23T04:05:59Z"), "utc")).toBe("04:05");
});

const british = formatsOf("en-GB");
const nameOfDay = (day: string, today: string | null, formats = british) => dayWords(day, today, formats).text;

test("today and yesterday are named so, also across the end of a year", () => {
  expect(nameOfDay("2027-01-01", "2027-01-01")).toBe("Today");
  expect(nameOfDay("2026-12-31", "2027-01-01")).toBe("Yesterday");
});

test("other days are named by their date, with the year if it is not the current one", () => {
  expect(nameOfDay("2026-11-16", "2026-11-23")).toMatch(/^Monday,? 16 November$/);
  expect(nameOfDay("2025-11-16", "2026-11-23")).toBe("16 November 2025");
});

test("days are named in the reader's language, and say which it is", () => {
  expect(dayWords("2026-11-23", "2026-11-23", formatsOf("de-AT"))).toEqual({ text: "Heute", language: "de-AT" });
  expect(dayWords("2026-11-16", "2026-11-23", formatsOf("en-US")).text).toBe("Monday, November 16");
});

test("while nothing is known of the reader, every day is named by its full date in English", () => {
  expect(dayWords("2026-11-23", null, formatsOf("de-AT"))).toEqual({ text: "23 November 2026", language: "en-GB" });
});
