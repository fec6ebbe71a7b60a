import { expect } from "vitest";

/** What a person's browser does up to the decision: gives the address of the callback that Exact sends it to. */
export async function decideInBrowser(gateway: string, exact: string, decision: "allow" | "deny", headers: Record<string, string> = {}): Promise<string> {
  const begin = await fetch(`${gateway}/auth/exact`, { redirect: "manual", headers });
  expect(begin.status).toBe(302);
  const shown = await fetch(begin.headers.get("location") ?? "");
  expect(shown.status).toBe(200);
  const form = [...(await shown.text()).matchAll(/name="(\w+)" value="([^"]*)">/g)].map(([, name, value]): [string, string] => [
    name ?? "",
    (value ?? "").replaceAll("&amp;", "&"),
  ]);
  const body = new URLSearchParams([...form.filter(([name]) => name !== "decision"), ["decision", decision]]);
  const back = await fetch(`${exact}/api/oauth2/auth`, { method: "POST", body, redirect: "manual" });
  expect(back.status).toBe(302);
  return back.headers.get("location") ?? "";
}
