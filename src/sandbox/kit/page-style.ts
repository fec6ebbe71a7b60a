export const pageStyle = `
:root { --ink: #1d2530; --soft: #667085; --line: #e3e7ed; --paper: #fff; --ground: #f5f7fa; --accent: #1f5fd0; --bad: #b42318; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #98a2b3; --line: #2e3743; --paper: #1a212b; --ground: #11161d; --accent: #6ea0ff; --bad: #f97066; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { display: flex; justify-content: space-between; align-items: center; padding: 14px 24px; background: var(--paper); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 18px; } h1 small { font-weight: 400; color: var(--soft); }
header p, time, footer, #where { margin: 0; color: var(--soft); }
h2 { font-size: 15px; margin: 0 0 10px; }
main { max-width: 1280px; margin: 0 auto; padding: 18px 24px; }
nav { display: flex; gap: 10px; align-items: center; margin-bottom: 10px; }
#tabs { display: flex; gap: 4px; flex: 1; }
button { font: inherit; padding: 6px 12px; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: var(--ink); cursor: pointer; }
button:disabled { opacity: .45; cursor: default; }
button[aria-selected=true] { border-color: var(--accent); color: var(--accent); font-weight: 600; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--paper); }
button.danger { color: var(--bad); }
input, textarea, select { font: inherit; padding: 6px 9px; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: var(--ink); }
.scroll { overflow: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: 7px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; max-width: 230px; overflow: hidden; text-overflow: ellipsis; }
th { color: var(--soft); font-weight: 500; position: sticky; top: 0; background: var(--paper); }
#rows tr { cursor: pointer; } #rows tr:hover, #rows tr:focus { background: var(--ground); outline: none; }
tr:last-child td { border-bottom: 0; }
.calls td { font: 12px/1.4 ui-monospace, monospace; max-width: 640px; padding: 4px 12px; }
.calls .bad { color: var(--bad); }
footer { display: flex; gap: 12px; align-items: center; margin: 10px 0 26px; }
#note:empty, #refusal:empty { display: none; }
#note { color: var(--soft); margin: 0 0 8px; } #refusal { color: var(--bad); white-space: pre-line; }
dialog { width: min(760px, 94vw); max-height: 88vh; border: 1px solid var(--line); border-radius: 10px; background: var(--paper); color: var(--ink); padding: 20px; }
dialog::backdrop { background: rgb(0 0 0 / .4); }
#fields { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 16px; }
#fields label { display: flex; flex-direction: column; gap: 3px; color: var(--soft); font-size: 12px; }
#fields label.wide { grid-column: 1 / -1; }
#fields input[type=checkbox] { align-self: flex-start; }
#fields input:not([type=checkbox]), #fields textarea { width: 100%; }
#fields [readonly], #fields :disabled { background: var(--ground); color: var(--soft); }
menu { display: flex; gap: 10px; align-items: center; padding: 14px 0 0; margin: 0; position: sticky; bottom: -20px; background: var(--paper); }
menu .all { flex: 1; color: var(--soft); }
`;
