// npm run audit: whether anything known is wrong with what runs in production. A registry that offers no audits is said, and is no failure.
import { runNpm } from "./setup/dependencies.mjs";
import { SetUpError, script } from "./setup/script.mjs";

await script(async () => {
  const { output } = await runNpm(["audit", "--omit=dev", "--json", "--audit=true"]);
  const report = reportIn(output);
  if (!report?.vulnerabilities) {
    const why = report?.message ?? output.trim().split("\n")[0];
    process.stdout.write(`The run-time dependencies could not be audited: the registry offers no audits (${why}). Run it against one that does.\n`);
    return;
  }
  const found = Object.values(report.vulnerabilities);
  for (const { name, severity, range, via } of found) process.stdout.write(`${severity.padEnd(8)}  ${name} ${range}: ${via.map(words).join("; ")}\n`);
  if (found.length > 0) throw new SetUpError(`${found.length} of the run-time dependencies have known faults.`);
  process.stdout.write("No known fault in the run-time dependencies.\n");
});

/** npm prints warnings around what it was asked for. */
function reportIn(output) {
  try {
    return JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
  } catch {
    return null;
  }
}

function words(via) {
  return typeof via === "string" ? `by ${via}` : `${via.title} (${via.url})`;
}
