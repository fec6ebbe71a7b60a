import type { Sandboxes, SandboxOptions } from "./index.js";

/** What a developer needs to begin: where to look, what to call, with what. `exactToken` is null where none could be had. */
export function firstScreen({ exact, customcrm }: Sandboxes, { dataDir }: SandboxOptions, exactToken: string | null): string {
  const crm = customcrm.settings;
  const erp = exact.settings;
  const accounts = `${exact.origin}/api/v1/${erp.division}/crm/Accounts?%24select=ID,Name,City&%24filter=${encodeURIComponent("Country eq 'NL'")}&%24top=1`;
  return `
Customcrm and Exact Online are served on this machine, each with a page to see and edit its records.

  Customcrm     ${customcrm.origin}
    Token       ${crm.token}${crm.oauth ? `   or POST /oauth/token as ${crm.oauth.clientId} with secret ${crm.oauth.clientSecret}` : ""}
    Try         curl -H "Authorization: Bearer ${crm.token}" "${customcrm.origin}/api/v1/customers?limit=1"

  Exact Online  ${exact.origin}
    App         client id ${erp.clientId}, client secret ${erp.clientSecret}, webhook secret ${erp.webhookSecret}
    Division    ${erp.division}
    Consent     ${exact.origin}/api/oauth2/auth?client_id=${erp.clientId}&response_type=code&redirect_uri=<yours>
${
  exactToken === null
    ? ""
    : `    Try         curl -H "Authorization: Bearer ${exactToken}" -H "Accept: application/json" "${accounts}"
                (this token is good for ten minutes)
`
}
Their records are ${dataDir ? `kept in ${dataDir}; --fresh begins anew` : "in memory only"}. Faults, clock, settings and the log of calls: /_control of either.
Ctrl-C stops both.
`;
}
