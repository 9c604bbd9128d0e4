/** `pnpm package`: makes the tarball that is published. */
import { statSync } from "node:fs";
import { relative } from "node:path";
import { makePackage } from "./make.ts";

const tarball = makePackage();
console.log(`${relative(process.cwd(), tarball)}  ${Math.ceil(statSync(tarball).size / 1024)} KiB`);
