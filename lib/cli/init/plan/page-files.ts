import { editLayout } from "../edits/layout.ts";
import { messages, page } from "../templates/chat.ts";
import { layout as newLayout, pageWithChat, plainPage } from "../templates/new-app.ts";
import type { Choices } from "./choices.ts";
import type { Project } from "./project.ts";
import { create, type Step } from "./step.ts";

/** `app/`: the provider in the layout, and the page of the example. */
export async function pages(project: Project, { example }: Choices): Promise<Step[]> {
  return [
    ...(project.manifest ? [await layout(project)] : firstPages(project, example)),
    ...(example === "chat" ? chatPages(project) : []),
  ];
}

async function layout(project: Project): Promise<Step> {
  const path = project.layout;
  const before = path && project.read(path);
  if (path === undefined || before === undefined)
    return layoutByHand(`${project.appFolder}/layout.${project.pageEnding}`);
  const edit = await editLayout(before);
  if (edit.kind === "manual") return layoutByHand(path);
  return edit.kind === "same" ? { kind: "same", path } : { kind: "change", path, before, text: edit.text };
}

function layoutByHand(path: string): Step {
  const text = `import { ConvexProvider } from "convex-lite/react";
<ConvexProvider>{children}</ConvexProvider>
`;
  return { kind: "manual", path, why: "has no one place for the provider. The root layout needs:", text };
}

function firstPages(project: Project, example: Choices["example"]): Step[] {
  const files = { "app/layout.tsx": newLayout, "app/page.tsx": example === "chat" ? pageWithChat : plainPage };
  return Object.entries(files).map(([path, text]) => create({ path, text, mark: /./ }, project.read(path)));
}

function chatPages(project: Project): Step[] {
  const { appFolder, pageEnding } = project;
  const toRoot = appFolder === "app" ? "../.." : "../../..";
  const files = {
    [`${appFolder}/chat/page.${pageEnding}`]: page(toRoot),
    [`${appFolder}/chat/messages.${pageEnding}`]: messages(toRoot, pageEnding === "tsx" ? "ts" : "js"),
  };
  return Object.entries(files).map(([path, text]) => create({ path, text, mark: /convex-lite/ }, project.read(path)));
}
