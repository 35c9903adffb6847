import type { GrantEventKind } from '../../outbox/grant-event.ts';
import type { WebhookFormat } from '../../outbox/webhook-format.ts';

const KINDS: readonly GrantEventKind[] = ['vehicles.disconnected', 'grant.revoked'];

/** The vendor's end-of-sharing callback. */
export const endOfSharing: WebhookFormat = {
  name: 'pleos',
  help: 'the end-of-sharing callback, without a signature',
  kinds: KINDS,
  usualKinds: KINDS,
  isSigned: false,
  needsClient: true,
  render: ({ subject, vins }) => ({ userIds: [subject], vins }),
  renderTest: () => ({ userIds: [], vins: [] }),
};
