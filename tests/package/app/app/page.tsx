import { preloadQuery } from "convex-lite/nextjs";
import { Suspense } from "react";
import { api } from "../convex/_generated/api";
import { Messages } from "./messages";

async function General() {
  const preloaded = await preloadQuery(api.messages.list, { channel: "general" });
  return <Messages preloaded={preloaded} />;
}

export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <General />
    </Suspense>
  );
}
