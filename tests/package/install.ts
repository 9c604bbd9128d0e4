import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { Consumer, managers } from "./consumer.ts";
import { makePackage } from "./pack/make.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The tarball. */
    tarball: string;
    /** The folder that holds a project for each package manager, by its name. */
    consumers: string;
  }
}

/** Makes the tarball, and installs it into a project of each package manager. */
export default function install({ provide }: TestProject): () => void {
  const tarball = makePackage();
  const folder = mkdtempSync(join(tmpdir(), "convex-lite-package-"));
  for (const manager of managers) {
    const consumer = new Consumer(folder, manager);
    consumer.writeProject(tarball);
    consumer.install();
  }
  provide("tarball", tarball);
  provide("consumers", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
