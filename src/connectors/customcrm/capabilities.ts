/** What a Customcrm may lack (x-capabilities of its contract). The connector does without, as it says beside each use. */
export const capabilityNames = ["changes", "ifMatch", "idempotencyKey", "webhooks", "ids"] as const;
export type Capability = (typeof capabilityNames)[number];
export type Capabilities = { readonly [C in Capability]: boolean };

export const allCapabilities: Capabilities = { changes: true, ifMatch: true, idempotencyKey: true, webhooks: true, ids: true };
