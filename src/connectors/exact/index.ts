export { createExactConnector, ExactConnector, type ExactConnectorOptions, type ExactUser } from "./connector.js";
export { places } from "./places.js";
export type { EnsuredSubscription, Subscription } from "./subscriptions.js";
export { readWebhook, type WebhookAnswer, type WebhookHint, type WebhookReader } from "./webhooks.js";
