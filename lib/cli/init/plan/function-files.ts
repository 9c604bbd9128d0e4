import { join } from "node:path";
import { generateApi } from "../../../node/loading/generate-api.ts";
import { scanFunctions } from "../../../node/loading/scan-functions.ts";
import { functions } from "../templates/chat.ts";
import { emptySchemas, schemas } from "../templates/schema.ts";
import type { Choices } from "./choices.ts";
import { databases } from "./databases.ts";
import type { Project } from "./project.ts";
import { change, create, type Step } from "./step.ts";

/** `convex/`: the schema, the functions of the example, and the references to all functions. */
export function convexFolder(project: Project, { database, example }: Choices): Step[] {
  const { dialect } = databases[database];
  const schema = (example === "chat" ? schemas : emptySchemas)[dialect];
  // Tables of the project's own are what the file is for. The example needs one of its own among them.
  const mark = example === "chat" ? /\bexport const messages\b/ : /./;
  return [
    create({ path: "convex/schema.ts", text: schema, mark }, project.read("convex/schema.ts")),
    ...(example === "chat" ? [messages(project)] : []),
    generated(project, example === "chat" ? ["messages"] : []),
  ];
}

function messages(project: Project): Step {
  const path = "convex/messages.ts";
  return create({ path, text: functions, mark: /convex-lite\/server/ }, project.read(path));
}

/** The file that `codegen` would write afterwards. */
function generated(project: Project, added: readonly string[]): Step {
  const path = "convex/_generated/api.ts";
  const there = project.find("convex") ? scanFunctions(join(project.root, "convex")).modules : [];
  const modules = [...new Set([...there, ...added])];
  return change(path, project.read(path), generateApi({ modules, hasSchema: true }));
}
