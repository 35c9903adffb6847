import type { Millis } from '../../clock.ts';
import type { viewClient, viewDetails } from '../../admin/api/views.ts';
import type { Texts } from '../texts-en.ts';

type Grant = ReturnType<typeof viewDetails>;
type Client = Pick<ReturnType<typeof viewClient>, 'disabledAt'>;

/** Why a connection works or stopped, in a sentence, and what to do about it. */
export type Explanation = {
  readonly kind: 'good' | 'warn' | 'bad';
  readonly sentence: string;
  /** What else is known; empty for nothing. */
  readonly detail: string;
  readonly advice: string;
};

/** Says why a car's connection works or stopped. */
export const explain = (grant: Grant, client: Client, texts: Texts, nowMs: Millis): Explanation => {
  switch (grant.status) {
    case 'revoked':
      return { kind: 'bad', ...explainRevocation(grant, texts) };
    case 'expired':
      return { kind: 'bad', ...explainExpiry(grant, texts) };
    case 'in_doubt':
      return { kind: 'warn', sentence: texts.why.doubt, detail: '', advice: '' };
    case 'active':
      if (client.disabledAt !== null)
        return { kind: 'warn', sentence: texts.why.disabled, detail: '', advice: '' };
      return {
        kind: 'good',
        sentence: explainActive(grant, texts, nowMs),
        detail: grant.replay !== null && grant.replay.response !== 'revoke' ? texts.why.observed : '',
        advice: '',
      };
  }
};

const explainActive = ({ rotatedAt }: Grant, { why, ago, duration }: Texts, nowMs: Millis): string =>
  rotatedAt === null
    ? why.fresh
    : why.works(ago(duration(Math.max(0, nowMs - Date.parse(rotatedAt)) / 1000)));

const explainRevocation = (grant: Grant, texts: Texts): Omit<Explanation, 'kind'> => {
  const { why, advice } = texts;
  const { replay } = grant;
  switch (grant.revocationCause) {
    case 'replay': {
      const isTheft = replay?.looksLike === 'theft';
      const after = texts.duration(replay?.secondsSinceRotation ?? 0);
      return {
        sentence: why.replay(replay?.generation ?? 0, after),
        detail: replay === null ? '' : isTheft ? why.theft : why.lostAnswer,
        advice: isTheft ? advice.careful : advice.reinstate,
      };
    }
    case 'code_replay':
      return { sentence: why.codeReplay, detail: '', advice: advice.careful };
    case 'client':
      return { sentence: why.byClient, detail: '', advice: advice.consent };
    case 'owner':
      return { sentence: why.byOwner, detail: '', advice: advice.consent };
    case 'disconnected':
      return { sentence: why.disconnected, detail: '', advice: advice.consent };
    case 'operator':
    case null:
      return { sentence: why.operator, detail: '', advice: advice.check };
  }
};

const explainExpiry = (grant: Grant, { why, advice, duration }: Texts): Omit<Explanation, 'kind'> => {
  const { grantExpiresAt, refreshTokenExpiresAt, rotatedAt, createdAt } = grant;
  const isWhole =
    grantExpiresAt !== null &&
    Date.parse(grantExpiresAt) <= Date.parse(refreshTokenExpiresAt ?? grantExpiresAt);
  if (isWhole) return { sentence: why.lifetime, detail: '', advice: advice.consent };
  const from = Date.parse(rotatedAt ?? createdAt ?? '');
  const idle = duration(Math.max(0, Date.parse(refreshTokenExpiresAt ?? '') - from) / 1000);
  return { sentence: why.idle(idle), detail: '', advice: advice.consent };
};
