import type { Metadata } from "next";
import Link from "next/link";
import { Notice } from "@/app/_notice/notice";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main className="grid min-h-dvh">
      <Notice title="There is no such page" text="The address may be misspelt, or the page has moved.">
        <Link href="/" className="button">
          Back to the chat
        </Link>
      </Notice>
    </main>
  );
}
