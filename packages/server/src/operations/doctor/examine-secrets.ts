import type { Now } from '../../clock.ts';
import type { Client } from '../../clients/client.ts';
import { allowsMethod } from '../../clients/credentials.ts';
import { isInForce } from '../../clients/secret.ts';
import type { Sentence } from '../../language.ts';
import { ok, warn } from './finding.ts';
import { listFirst } from './list-first.ts';
import type { Finding } from './finding.ts';

/** How long a client needs to take over a new secret. */
const NOTICE_MS = 14 * 86_400_000;
/** How many ids are listed at most. */
const IDS_MAX = 5;

/** Whether a client is locked out without a secret: it has no keys, and no certificate proves it. */
const needsSecret = ({ type, policy, keys }: Client): boolean =>
  type !== 'public' &&
  keys === undefined &&
  (allowsMethod(policy, 'client_secret_basic') || allowsMethod(policy, 'client_secret_post'));

/** Finds enabled clients that are locked out, or will be soon. */
export const examineSecrets = (clients: readonly Client[], now: Now): Finding => {
  const check = 'client secrets';
  const inUse = clients.filter((client) => client.disabledAtMs === undefined && needsSecret(client));
  const lacking = (at: Now) =>
    inUse.filter(({ secrets }) => !secrets.some((secret) => isInForce(secret, at)));
  const remedy: Sentence = {
    en: 'Add a secret with "keyfob client secret add", or disable the client.',
    ko: '"keyfob client secret add"로 시크릿을 추가하거나 클라이언트를 비활성화하세요.',
  };
  const lockedOut = lacking(now);
  if (lockedOut.length > 0) {
    const { en, ko } = listIds(lockedOut);
    const finding = {
      en: `${en}: no valid secret, locked out`,
      ko: `유효한 시크릿이 없어 인증할 수 없습니다: ${ko}`,
    };
    return warn(check, finding, remedy);
  }
  const ending = lacking({ ...now, nowMs: now.nowMs + NOTICE_MS });
  if (ending.length > 0) {
    const { en, ko } = listIds(ending);
    const finding = {
      en: `${en}: the last secret expires within 14 days`,
      ko: `마지막 시크릿이 14일 안에 만료됩니다: ${ko}`,
    };
    return warn(check, finding, remedy);
  }
  return ok(check, {
    en: `every enabled client that needs one has it (${inUse.length})`,
    ko: `시크릿이 필요한 모든 클라이언트에 유효한 시크릿이 있습니다(${inUse.length}개).`,
  });
};

const listIds = (clients: readonly Client[]): Sentence => {
  const { en, ko } = listFirst(
    clients.map(({ id }) => id),
    IDS_MAX,
  );
  return { en: `${clients.length === 1 ? 'client' : 'clients'} ${en}`, ko: `클라이언트 ${ko}` };
};
