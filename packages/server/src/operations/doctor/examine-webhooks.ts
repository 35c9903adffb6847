import type { Webhook } from '../../outbox/webhook.ts';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const WAITING_MAX = 1000;
const IDS_SHOWN = 3;

/** Whether every receiver still gets what it asked for. */
export const examineWebhooks = (webhooks: readonly Webhook[], waiting: number): Finding => {
  const check = 'webhooks';
  const disabled = webhooks.filter(({ disabledAtMs }) => disabledAtMs !== undefined).map(({ id }) => id);
  const finding = `${webhooks.length - disabled.length} enabled, ${waiting} deliveries waiting`;
  if (disabled.length > 0) {
    const more = disabled.length > IDS_SHOWN ? ` and ${disabled.length - IDS_SHOWN} more` : '';
    return warn(
      check,
      `${finding}; disabled: ${disabled.slice(0, IDS_SHOWN).join(', ')}${more}`,
      'Their receivers answered 410. Remove them, and add those that are still wanted.',
    );
  }
  if (waiting > WAITING_MAX)
    return warn(
      check,
      finding,
      'Look for the receiver that fails with "keyfob webhook deliveries --failed".',
    );
  return ok(check, finding);
};
