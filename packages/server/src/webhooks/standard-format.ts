import { GRANT_EVENT_KINDS } from '../outbox/grant-event.ts';
import { STANDARD_FORMAT } from '../outbox/webhook.ts';
import type { WebhookFormat } from '../outbox/webhook-format.ts';
import { writeGrantId } from '../tokens/grant-id.ts';

/** Every grant event, signed. https://www.standardwebhooks.com */
export const standardFormat: WebhookFormat = {
  name: STANDARD_FORMAT,
  help: 'Standard Webhooks',
  kinds: GRANT_EVENT_KINDS,
  usualKinds: ['grant.revoked', 'grant.replayed', 'vehicles.disconnected'],
  isSigned: true,
  needsClient: false,
  render: ({ kind, atMs, grantId, clientId, subject, cause, vins, requestId }) => ({
    type: kind,
    timestamp: new Date(atMs).toISOString(),
    data: {
      grantId: writeGrantId(grantId),
      clientId,
      subject,
      cause: cause ?? null,
      vins,
      requestId: requestId ?? null,
    },
  }),
  renderTest: (webhookId, nowMs) => ({
    type: 'webhook.test',
    timestamp: new Date(nowMs).toISOString(),
    data: { webhookId },
  }),
};
