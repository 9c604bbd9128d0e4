"use client";

/** The bench replaces this file, to see how soon Next shows what was saved. */
export function Label() {
  return <p data-shown="label">label 0</p>;
}
