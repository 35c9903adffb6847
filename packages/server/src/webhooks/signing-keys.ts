import type { Millis } from '../clock.ts';
import type { Webhook } from '../outbox/webhook.ts';
import type { KeyRing, WebhookKey } from '../tokens/key-ring.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';

/**
 * What signs the messages of a webhook, newest first: the active key, and every older one by which its receiver may still
 * verify, so that a receiver takes over the new secret whenever it likes. A compromised key signs too until its window
 * ends, which gives its thief nothing; a retired one does not. `earliestMs`: the earliest moment that the present may be.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme", on
 * rotation without downtime
 */
export const signingKeysOf = (
  { webhook: { keys, active } }: KeyRing,
  { id, keyNumber }: Pick<Webhook, 'id' | 'keyNumber'>,
  earliestMs: Millis,
): readonly Buffer[] =>
  keys
    .filter((key) => key === active || (key.number >= keyNumber && isSigning(key, earliestMs)))
    .map((key) => key.webhookKey(id));

const isSigning = ({ withdrawal }: WebhookKey, nowMs: Millis): boolean =>
  withdrawal === undefined || (withdrawal.state === 'compromised' && nowMs < withdrawal.opensUntilMs);

/** The number of a registered key that should sign for a webhook and is not in the ring; `undefined` if there is none. */
export const findLackingKey = (
  { webhook }: KeyRing,
  registered: readonly RegisteredKey[],
  { keyNumber }: Pick<Webhook, 'keyNumber'>,
): number | undefined =>
  registered.find(
    ({ number, purpose, withdrawal }) =>
      purpose === 'webhook' &&
      number >= keyNumber &&
      withdrawal?.state !== 'retired' &&
      webhook.find(number) === undefined,
  )?.number;
