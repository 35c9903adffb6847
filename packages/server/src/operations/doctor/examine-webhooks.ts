import type { Webhook } from '../../outbox/webhook.ts';
import type { Sentence } from '../../language.ts';
import { ok, warn } from './finding.ts';
import { listFirst } from './list-first.ts';
import type { Finding } from './finding.ts';

const WAITING_MAX = 1000;
const IDS_SHOWN = 3;

/** Whether every receiver still gets what it asked for. */
export const examineWebhooks = (webhooks: readonly Webhook[], waiting: number): Finding => {
  const check = 'webhooks';
  const disabled = webhooks.filter(({ disabledAtMs }) => disabledAtMs !== undefined).map(({ id }) => id);
  const enabled = webhooks.length - disabled.length;
  const finding: Sentence = {
    en: `${enabled} enabled, ${waiting} deliveries waiting`,
    ko: `사용 ${enabled}개, 대기 중인 전송 ${waiting}건`,
  };
  if (disabled.length > 0) {
    const ids = listFirst(disabled, IDS_SHOWN);
    return warn(
      check,
      { en: `${finding.en}; disabled: ${ids.en}`, ko: `${finding.ko}, 비활성: ${ids.ko}` },
      {
        en: 'Their receivers answered 410. Remove them, and add those that are still wanted.',
        ko: '수신자가 410으로 응답했습니다. 제거하고, 아직 필요한 것은 다시 추가하세요.',
      },
    );
  }
  if (waiting > WAITING_MAX)
    return warn(check, finding, {
      en: 'Look for the receiver that fails with "keyfob webhook deliveries --failed".',
      ko: '"keyfob webhook deliveries --failed"로 실패하는 수신자를 찾으세요.',
    });
  return ok(check, finding);
};
