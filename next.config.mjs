/** @type {import("next").NextConfig} */
const config = {
  // The embedded database is at home on both names of this machine; Next's hot reload asks for the second one's.
  allowedDevOrigins: ["127.0.0.1"],
  // What pages are told of saved functions and the schema is a warning there, and the terminal has said it already.
  logging: { browserToTerminal: "error" },
  // Not above the line in which the author's name is written, nor above the one that says what this is.
  devIndicators: { position: "bottom-right" },
  // A build checks the application. The repository's own tests are about the demo's schema, and no reason not to build another.
  typescript: { tsconfigPath: "tsconfig.build.json" },
};

export default config;
