import type { Dialect } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import { OperatorError } from '../errors.ts';
import type { WebhookFormat } from '../outbox/webhook-format.ts';
import { standardFormat } from './standard-format.ts';

const dialects: readonly Dialect[] = Object.values(DIALECTS);

/** Every format: the standard one, and those that dialects declare. */
export const WEBHOOK_FORMATS: readonly WebhookFormat[] = [
  standardFormat,
  ...dialects.flatMap(({ webhookFormat }) => webhookFormat ?? []),
];

/** The format of this name. Throws `OperatorError` for one that only a newer version knows. */
export const formatNamed = (name: string): WebhookFormat => {
  const format = WEBHOOK_FORMATS.find((one) => one.name === name);
  if (format !== undefined) return format;
  throw new OperatorError(
    'webhook_format_unknown',
    {
      en: `this version does not know the webhook format ${name}`,
      ko: `이 버전에서 알 수 없는 웹훅 형식입니다: ${name}`,
    },
    {
      en: 'Use the version that added the webhook, or remove the webhook and add it again.',
      ko: '웹훅을 추가한 버전을 사용하거나 웹훅을 제거하고 다시 추가하세요.',
    },
  );
};
