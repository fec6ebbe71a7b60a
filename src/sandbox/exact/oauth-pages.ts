import type { Answer, KitRequest } from "../kit/index.js";
import { escaped } from "../kit/page.js";
import { type OAuth, TokenRefusal } from "./oauth.js";
import type { ExactSettings } from "./settings.js";

/** `/api/oauth2/auth`: the page on which a person allows the app to work for them, and the way back. */
export function consent(request: KitRequest, oauth: OAuth, settings: ExactSettings): Answer {
  const asked = request.method === "POST" ? new URLSearchParams(request.body.toString("utf8")) : request.query;
  const redirectUri = asked.get("redirect_uri") ?? "";
  if (asked.get("client_id") !== settings.clientId) return page(400, "<h1>Unknown app</h1><p>The client_id is not that of a registered app.</p>");
  if (!oauth.mayRedirectTo(redirectUri)) return page(400, "<h1>Wrong address</h1><p>The redirect_uri is not that of the app's registration.</p>");
  if (asked.get("response_type") !== "code") return page(400, "<h1>Wrong request</h1><p>The response_type must be code.</p>");
  if (request.method === "GET") return page(200, form(asked, settings));
  if (request.method !== "POST") return { status: 405, headers: { allow: "GET, POST" } };
  const back = new URL(redirectUri);
  if (asked.get("decision") === "allow") back.searchParams.set("code", oauth.issueCode(redirectUri));
  else back.searchParams.set("error", "access_denied");
  const state = asked.get("state");
  if (state !== null) back.searchParams.set("state", state);
  return { status: 302, headers: { location: back.href } };
}

/** `/api/oauth2/token`: a form comes in, JSON goes out. */
export function token(request: KitRequest, oauth: OAuth): Answer {
  if (request.method !== "POST") return { status: 405, headers: { allow: "POST" } };
  try {
    if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "")) {
      throw new TokenRefusal(400, "invalid_request", "The content type must be application/x-www-form-urlencoded.");
    }
    const pair = oauth.grant(Object.fromEntries(new URLSearchParams(request.body.toString("utf8"))));
    return { status: 200, headers: { "cache-control": "no-store" }, body: pair };
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
    return { status: error.status, headers: error.headers, body: { error: error.error, error_description: error.message } };
  }
}

function form(asked: URLSearchParams, settings: ExactSettings): string {
  const kept = ["client_id", "redirect_uri", "response_type", "state"].map((name) => {
    const value = asked.get(name);
    return value === null ? "" : `<input type="hidden" name="${name}" value="${escaped(value)}">`;
  });
  return (
    `<h1>Exact Online <small>sandbox</small></h1><p>The app <b>${escaped(settings.clientId)}</b> asks to work with ` +
    `<b>${escaped(settings.divisionName)}</b> in your name: ${escaped(settings.scopes.join(", "))}.</p>` +
    `<form method="post" action="/api/oauth2/auth">${kept.join("")}` +
    '<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>'
  );
}

function page(status: number, content: string): Answer {
  const style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem;color:#1d2530}small{color:#667085;font-weight:400}" +
    "button{font:inherit;padding:.4rem 1.2rem;margin-right:.5rem;cursor:pointer}";
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Exact Online (sandbox)</title><style>${style}</style>`;
  return {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
    body: `<!doctype html><html lang="en"><head>${head}</head><body>${content}</body></html>`,
  };
}
