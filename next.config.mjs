/** @type {import("next").NextConfig} */
const config = {
  // The embedded database is at home on both names of this machine; Next's hot reload asks for the second one's.
  allowedDevOrigins: ["127.0.0.1"],
  // A build checks the application. The repository's own tests are about the demo's schema, and no reason not to build another.
  typescript: { tsconfigPath: "tsconfig.build.json" },
};

export default config;
