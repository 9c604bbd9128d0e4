/**
 * Calls a function over HTTP, without a client.
 * @param headers Beside the type of the body.
 * @returns its value in wire form.
 * @throws with the answer when it fails.
 */
export async function callOverHttp<Value>(
  url: string,
  kind: "query" | "mutation",
  path: string,
  args: object,
  headers: Record<string, string> = {},
): Promise<Value> {
  const response = await fetch(`${url}/api/convex/${kind}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ path, args }),
  });
  const answer = (await response.json()) as { ok: boolean; value: Value };
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer.value;
}
