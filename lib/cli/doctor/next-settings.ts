import { foreseeSettings } from "../../node/process/settings.ts";
import { type Check, error, ok, warning } from "./finding.ts";

/** Next lets pages of other names than `localhost` have its development files only if they are listed. */
export const devOrigins: Check = ({ root, nextConfig }) => {
  const { host, allowedHosts } = foreseeSettings(root);
  const names = [...(host === "localhost" ? [] : [host]), ...allowedHosts];
  if (nextConfig?.text.includes("allowedDevOrigins")) return [ok("next", "allowedDevOrigins is set")];
  if (names.length === 0)
    return [ok("next", "open http://localhost in development: 127.0.0.1 needs allowedDevOrigins")];
  return [
    warning(
      "next",
      `pages that are opened at ${names.join(", ")} do not reload in development`,
      `Write allowedDevOrigins: ["…"] with their names in ${nextConfig?.file ?? "next.config.ts"}.`,
    ),
  ];
};

/** Next copies neither `server.ts` nor `convex/` there. */
export const standalone: Check = ({ nextConfig }) => {
  if (!nextConfig || !/\boutput\s*:\s*["']standalone["']/.test(nextConfig.text)) return [];
  return [
    warning(
      "next",
      `${nextConfig.file} has output: "standalone", whose folder holds no functions`,
      "Leave it out, and copy the project with its production dependencies instead.",
    ),
  ];
};

/** The engine lives in Node's process; an edge function does not reach it. */
export const edge: Check = ({ pages }) =>
  [...pages]
    .filter(([, text]) => /export\s+const\s+runtime\s*=\s*["'](experimental-)?edge["']/.test(text))
    .filter(([, text]) => /["']convex-lite\/nextjs["']/.test(text))
    .map(([file]) =>
      error(
        "next",
        `${file} imports convex-lite/nextjs and runs on the edge`,
        'Leave out runtime = "edge": the functions run in Node.',
      ),
    );
