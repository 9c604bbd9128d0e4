/**
 * What `convex-lite/server` is in a browser build: an error. A client component that reaches this file imports a file
 * of `convex/` by value and would ship its handlers; import `api` from `convex/_generated/api` instead.
 */
import "server-only";
