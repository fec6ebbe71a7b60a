import type { CallOptions } from "../../connectors/connector.js";
import { type Capabilities, capabilityNames } from "../../connectors/customcrm/capabilities.js";
import type { CustomcrmConnector } from "../../connectors/customcrm/connector.js";
import { NotAuthorizedError } from "../../domain/errors.js";
import { type Finding, fail, ok, sentenceOf, warn } from "./finding.js";

/** Whether it answers, takes our token, and has what it is configured to have. */
export async function checkCustomcrm(customcrm: CustomcrmConnector, configured: Capabilities, options: () => CallOptions): Promise<readonly Finding[]> {
  const answers = await checkAccess(customcrm, options());
  if (answers.some(({ state }) => state === "fail")) return answers;
  return [...answers, ...(await checkCapabilities(customcrm, configured, options()))];
}

async function checkAccess(customcrm: CustomcrmConnector, options: CallOptions): Promise<readonly Finding[]> {
  try {
    await customcrm.probe(options);
    return [ok("Customcrm", "it answers"), ok("Customcrm token", "it is taken")];
  } catch (error) {
    if (!(error instanceof NotAuthorizedError)) return [fail("Customcrm", sentenceOf(error), "See that it runs, and check CUSTOMCRM_BASE_URL.")];
    const todo = "Check CUSTOMCRM_TOKEN, or CUSTOMCRM_CLIENT_ID, CUSTOMCRM_CLIENT_SECRET and CUSTOMCRM_TOKEN_URL.";
    return [ok("Customcrm", "it answers"), fail("Customcrm token", sentenceOf(error), todo)];
  }
}

async function checkCapabilities(customcrm: CustomcrmConnector, configured: Capabilities, options: CallOptions): Promise<readonly Finding[]> {
  try {
    const seen = await customcrm.seenCapabilities(options);
    return capabilityNames.map((name) => capabilityFinding(name, configured[name], seen[name]));
  } catch (error) {
    return [fail("Customcrm capabilities", sentenceOf(error), "See what its log says of these calls.")];
  }
}

export function capabilityFinding(name: string, isConfigured: boolean, isThere: boolean | null): Finding {
  const what = `Customcrm ${name}`;
  if (isThere === null)
    return ok(what, `${isConfigured ? "relied on" : "not relied on"}; whether it is there shows only where there are records, or by writing`);
  if (isConfigured && !isThere) return fail(what, "relied on, and not there", `Take ${name} out of CUSTOMCRM_CAPABILITIES.`);
  if (!isConfigured && isThere) return warn(what, "there, and not relied on", `Add ${name} to CUSTOMCRM_CAPABILITIES if it works as the contract says.`);
  return ok(what, isThere ? "there" : "not there, and not relied on");
}
