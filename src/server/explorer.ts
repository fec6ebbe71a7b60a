import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance } from "fastify";

/** What an explorer opens with. It answers on a fresh sandbox. */
export const firstQuery = `# Accounts as both systems have them, and how their records are linked.
query FirstAccounts {
  accounts(first: 5) {
    totalCount
    nodes {
      id
      name
      city
      country
      link {
        state
        problem { message }
      }
      customcrm { recordId name asOf }
      exact { recordId code name asOf }
      contacts(first: 3) {
        nodes { fullName email }
      }
    }
  }
}
`;

/**
 * `/` opens Apollo Sandbox where the browser can load it, and goes on to `/explorer` where it can't: GraphiQL, all in one page,
 * which needs nothing from elsewhere.
 */
export function addExplorer(app: FastifyInstance): void {
  app.get("/", (_request, reply) => reply.type("text/html; charset=utf-8").send(chooser));
  let page: Promise<{ readonly html: Buffer; readonly zipped: Buffer }> | undefined;
  app.get("/explorer", async (request, reply) => {
    page ??= renderExplorer();
    const { html, zipped } = await page;
    const takesGzip = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
    void reply.type("text/html; charset=utf-8").header("vary", "accept-encoding").header("cache-control", "private, max-age=3600");
    return takesGzip ? reply.header("content-encoding", "gzip").send(zipped) : reply.send(html);
  });
}

/** Made when it is first opened: it is large, and most processes are never asked for it. */
async function renderExplorer() {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const html = Buffer.from(renderGraphiQL({ title: "Tandem", endpoint: "/graphql", defaultQuery: firstQuery }));
  return { html, zipped: await promisify(gzip)(html) };
}

const script = "https://embeddable-sandbox.cdn.apollographql.com/_latest/embeddable-sandbox.umd.production.min.js";

const chooser = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tandem</title>
<style>
  html, body, #sandbox { margin: 0; height: 100%; }
  body { font: 14px system-ui, sans-serif; }
  #sandbox { position: absolute; inset: 0; }
  #other { position: fixed; right: 12px; bottom: 8px; z-index: 1; background: #fff; padding: 2px 8px; border-radius: 4px; }
</style>
</head>
<body>
<div id="sandbox"></div>
<a id="other" href="/explorer">Explorer without the internet</a>
<script>
  var gone = false;
  function offline() { if (!gone) { gone = true; location.replace("/explorer"); } }
  var timer = setTimeout(offline, 2500);
  var script = document.createElement("script");
  script.src = ${JSON.stringify(script)};
  script.onerror = offline;
  script.onload = function () {
    clearTimeout(timer);
    if (gone) return;
    if (!window.EmbeddedSandbox) return offline();
    new window.EmbeddedSandbox({
      target: "#sandbox",
      initialEndpoint: location.origin + "/graphql",
      initialState: { document: ${JSON.stringify(firstQuery)}, includeCookies: false },
    });
  };
  document.head.appendChild(script);
</script>
<noscript>An explorer needs JavaScript. The API itself is at /graphql.</noscript>
</body>
</html>
`;
