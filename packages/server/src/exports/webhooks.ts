/** `@keyfob/server/webhooks`: grant events, the webhooks that want them, and how they are delivered and signed. */
export { GRANT_EVENT_KINDS } from '../outbox/grant-event.ts';
export type { GrantEvent, GrantEventKind, NewGrantEvent } from '../outbox/grant-event.ts';
export {
  changeWebhook,
  isFull,
  isWanted,
  STANDARD_FORMAT,
  WEBHOOKS_MAX,
  WEBHOOKS_OF_CLIENT_MAX,
} from '../outbox/webhook.ts';
export type { Webhook } from '../outbox/webhook.ts';
export {
  ATTEMPTS_KEPT,
  chooseTurns,
  describeAttempt,
  DELIVERY_STATES,
  DISABLED_ERROR,
  outcomeOf,
  readDeliveryPlace,
  roomFor,
  stateOf,
  writeDeliveryPlace,
} from '../outbox/delivery.ts';
export type {
  Claim,
  ClaimedDelivery,
  Delivery,
  DeliveryAttempt,
  DeliveryPlace,
  DeliveryState,
  Settlement,
} from '../outbox/delivery.ts';
export { formatNamed, WEBHOOK_FORMATS } from '../webhooks/formats.ts';
export { createSender } from '../webhooks/sender.ts';
export type { Sender, SenderContext } from '../webhooks/sender.ts';
export { createDeliver, describeAnswer, isAccepted } from '../webhooks/deliver.ts';
export type { Answer, Deliver } from '../webhooks/deliver.ts';
export { createEgress } from '../egress/egress.ts';
export type { Egress, EgressAnswer, EgressRequest } from '../egress/egress.ts';
export { signMessage, writeWebhookSecret } from '../webhooks/sign.ts';
