/** Plain JavaScript for the browser. Text from records only ever goes in as text, never as markup. */
export const pageScript = `
"use strict";
const $ = (id) => document.getElementById(id);
const size = 15;
let types = [], type, row, offset = 0, total = 0, asked = 0;

async function api(method, path, body) {
  const answer = await fetch("/_control" + path, { method, headers: body ? { "content-type": "application/json" } : {}, body: body ? JSON.stringify(body) : undefined });
  const result = answer.status === 204 ? undefined : await answer.json();
  if (!answer.ok) throw new Error(result.error);
  return result;
}

function element(tag, text, more) {
  const made = Object.assign(document.createElement(tag), more);
  if (text !== undefined) made.textContent = text;
  return made;
}

function shown(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value).trim();
}

async function showRows() {
  const turn = ++asked;
  const query = new URLSearchParams({ type: type.name, q: $("search").value, limit: size, offset });
  const page = await api("GET", "/records?" + query);
  if (turn !== asked) return;
  total = page.total;
  $("head").replaceChildren(element("tr"));
  $("head").firstChild.append(...type.columns.map((name) => element("th", name)));
  $("rows").replaceChildren(...page.rows.map((record) => {
    const line = element("tr", undefined, { tabIndex: 0, onclick: () => edit(record), onkeydown: (event) => { if (event.key === "Enter") edit(record); } });
    line.append(...type.columns.map((name) => element("td", shown(record[name]), { title: shown(record[name]) })));
    return line;
  }));
  $("where").textContent = total ? (offset + 1) + " to " + Math.min(offset + size, total) + " of " + total : "Nothing found";
  $("back").disabled = offset === 0;
  $("on").disabled = offset + size >= total;
}

function showTabs() {
  $("tabs").replaceChildren(...types.map((each) => {
    const tab = element("button", each.name, { onclick: () => { type = each; offset = 0; showTabs(); showRows().catch(tell); } });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", each === type);
    return tab;
  }));
}

function edit(record) {
  row = record;
  $("title").textContent = record ? type.name + " " + record[type.key] : "New in " + type.name;
  $("refusal").textContent = "";
  $("remove").hidden = !record;
  showFields();
  if (!$("editor").open) $("editor").showModal();
}

function showFields() {
  const all = $("more").checked;
  const fields = type.fields.filter((field) => (all || field.main) && (row || !field.readOnly));
  $("fields").replaceChildren(...fields.map((field) => {
    const label = element("label", field.name, { className: field.input === "long" ? "wide" : "" });
    const input = element(field.input === "long" ? "textarea" : "input", undefined, { name: field.name, disabled: !!field.readOnly });
    const value = row ? row[field.name] : undefined;
    if (field.input === "boolean") Object.assign(input, { type: "checkbox", checked: value === true });
    else Object.assign(input, field.input === "date" ? { type: "date" } : field.input === "number" ? { type: "number", step: "any" } : {}, { value: shown(value) });
    input.dataset.was = field.input === "boolean" ? String(input.checked) : input.value;
    label.append(input);
    return label;
  }));
}

/** Only what was changed, so that an edit says no more than the person did. */
function changes() {
  const values = {};
  for (const field of type.fields) {
    const input = $("fields").querySelector('[name="' + field.name + '"]');
    if (!input || input.disabled) continue;
    const now = field.input === "boolean" ? String(input.checked) : input.value;
    if (now === input.dataset.was) continue;
    values[field.name] = field.input === "boolean" ? input.checked : now === "" ? null : field.input === "number" ? Number(now) : now;
  }
  return values;
}

async function save(event) {
  event.preventDefault();
  const values = changes();
  try {
    if (row && Object.keys(values).length === 0) return $("editor").close();
    const path = "/records/" + encodeURIComponent(type.name);
    await (row ? api("PUT", path + "/" + encodeURIComponent(row[type.key]), values) : api("POST", path, values));
    $("editor").close();
    tell({ message: "Saved." });
    await showRows();
  } catch (error) { $("refusal").textContent = error.message; }
}

async function remove() {
  if (!confirm("Delete this record?")) return;
  try {
    await api("DELETE", "/records/" + encodeURIComponent(type.name) + "/" + encodeURIComponent(row[type.key]));
    $("editor").close();
    tell({ message: "Deleted." });
    await showRows();
  } catch (error) { $("refusal").textContent = error.message; }
}

function tell(news) {
  $("note").textContent = news.message;
  if (news.message) setTimeout(() => { if ($("note").textContent === news.message) $("note").textContent = ""; }, 4000);
}

async function refresh() {
  try {
    const { clock } = await api("GET", "/");
    const { calls } = await api("GET", "/calls?last=15");
    $("clock").textContent = clock.iso.slice(0, 19).replace("T", " ") + " UTC";
    $("calls").replaceChildren(...calls.reverse().map((call) => {
      const line = element("tr");
      line.append(element("td", new Date(call.at).toISOString().slice(11, 19)), element("td", call.method), element("td", call.path + (call.query ? "?" + call.query : ""), { title: call.query }));
      line.append(element("td", call.status || "none", { className: call.status >= 400 || !call.status ? "bad" : "" }), element("td", call.fault || ""));
      return line;
    }));
    const isBusy = $("editor").open || document.getSelection().toString() || $("rows").contains(document.activeElement);
    if (!isBusy) await showRows();
  } catch (error) { tell({ message: "The sandbox does not answer." }); }
}

$("search").oninput = () => { offset = 0; showRows().catch(tell); };
$("add").onclick = () => edit(null);
$("back").onclick = () => { offset = Math.max(0, offset - size); showRows().catch(tell); };
$("on").onclick = () => { offset += size; showRows().catch(tell); };
$("more").onchange = showFields;
$("cancel").onclick = () => $("editor").close();
$("remove").onclick = remove;
$("editor").querySelector("form").onsubmit = save;

api("GET", "/types").then((found) => { types = found; type = types[0]; showTabs(); refresh(); setInterval(refresh, 2500); }).catch(tell);
`;
