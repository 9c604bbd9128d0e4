/** @type {import("next").NextConfig} */
const config = {
  // Types are checked where these files come from.
  typescript: { ignoreBuildErrors: true },
};

export default config;
