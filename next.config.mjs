/** @type {import("next").NextConfig} */
const config = {
  // The embedded database is at home on both names of this machine; Next's hot reload asks for the second one's.
  allowedDevOrigins: ["127.0.0.1"],
};

export default config;
