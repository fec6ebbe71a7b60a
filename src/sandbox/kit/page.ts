import { pageScript } from "./page-script.js";
import { pageStyle } from "./page-style.js";

/** One page that shows a system's records and lets a person edit them. It loads nothing from elsewhere. */
export function pageFor(system: string, hint: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(system)} (sandbox)</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
  <div><h1>${escaped(system)} <small>sandbox</small></h1><p>${escaped(hint)}</p></div>
  <time id="clock"></time>
</header>
<main>
  <nav><div id="tabs" role="tablist"></div><input id="search" type="search" placeholder="Search" aria-label="Search"><button id="add" class="primary">New</button></nav>
  <p id="note" role="status"></p>
  <div class="scroll"><table><thead id="head"></thead><tbody id="rows"></tbody></table></div>
  <footer><button id="back">Previous</button><span id="where"></span><button id="on">Next</button></footer>
  <section><h2>Last calls</h2><div class="scroll"><table class="calls"><thead><tr><th>Time</th><th>Method</th><th>Path</th><th>Status</th><th>Fault</th></tr></thead><tbody id="calls"></tbody></table></div></section>
</main>
<dialog id="editor" aria-labelledby="title">
  <form method="dialog">
    <h2 id="title"></h2>
    <div id="fields"></div>
    <p id="refusal" role="alert"></p>
    <menu><button id="remove" type="button" class="danger">Delete</button><label class="all"><input id="more" type="checkbox"> All properties</label><button id="cancel" type="button">Cancel</button><button id="save" type="submit" class="primary">Save</button></menu>
  </form>
</dialog>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** Text, safe between tags and in attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
