import type { viewClient, viewDetails } from '../../admin/api/views.ts';
import type { Millis } from '../../clock.ts';
import type { Texts } from '../texts/en.ts';
import { utcText } from './parts.ts';

type Grant = ReturnType<typeof viewDetails>;
type Replay = NonNullable<Grant['replay']>;
type Client = Pick<
  ReturnType<typeof viewClient>,
  'disabledAt' | 'type' | 'secrets' | 'jwks' | 'jwksUri' | 'policy'
>;

/** Why a connection works or stopped, in a sentence, and what to do about it. */
export type Explanation = {
  /** `bad`: no token is given out, whatever its status says. */
  readonly kind: 'good' | 'warn' | 'bad';
  readonly sentence: string;
  /** What else is known; empty for nothing. */
  readonly detail: string;
  /** What to do next; empty where nothing is to be done. */
  readonly advice: string;
};

/** Says why a car's connection works or stopped. */
export const explain = (grant: Grant, client: Client, texts: Texts, nowMs: Millis): Explanation => {
  const { why, advice } = texts;
  switch (grant.status) {
    case 'revoked':
      return { kind: 'bad', ...explainRevocation(grant, client, texts, nowMs) };
    case 'expired':
      return { kind: 'bad', ...explainExpiry(grant, texts) };
    case 'in_doubt':
      return { kind: 'warn', sentence: why.doubt, detail: '', advice: advice.clock };
    case 'active':
      if (grant.keyEnded !== null)
        return { kind: 'bad', sentence: why.keyEnded, detail: '', advice: advice.consent };
      if (client.disabledAt !== null)
        return { kind: 'bad', sentence: why.disabled, detail: '', advice: advice.enable };
      if (lacksSecret(client, nowMs))
        return { kind: 'bad', sentence: why.noSecret, detail: '', advice: advice.secret };
      return explainActive(grant, texts, nowMs);
  }
};

const BY_SECRET: ReadonlySet<unknown> = new Set([undefined, 'both', 'basic', 'post']);

/** Whether a client that authenticates by a secret has none in force. */
const lacksSecret = ({ type, secrets, jwks, jwksUri, policy }: Client, nowMs: Millis): boolean =>
  type === 'confidential' &&
  BY_SECRET.has(policy.clientAuthentication) &&
  jwks === null &&
  jwksUri === null &&
  secrets.every(({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) <= nowMs);

const explainActive = (grant: Grant, texts: Texts, nowMs: Millis): Explanation => {
  const { why, advice, ago, duration } = texts;
  const { rotatedAt, replay } = grant;
  const since = (at: string | null): string =>
    ago(duration(Math.max(0, nowMs - Date.parse(at ?? '')) / 1000));
  const isRefused = replay !== null && replay.response !== 'revoke';
  if (isRefused && Date.parse(replay.at ?? '') > Date.parse(rotatedAt ?? '')) {
    const sentence = why.refused(replay.generation, since(replay.at));
    return { kind: 'warn', sentence, detail: describeSender(replay, texts), advice: advice.newest };
  }
  return {
    kind: 'good',
    sentence: rotatedAt === null ? why.fresh : why.works(since(rotatedAt)),
    detail: isRefused ? why.observed : '',
    advice: '',
  };
};

/** What the two programs have in common, as far as it is known. */
const describeSender = ({ looksLike, presentedBy, rotatedBy }: Replay, { why }: Texts): string => {
  if (looksLike === 'lost_answer') return why.lostAnswer;
  const [now, before] = [presentedBy?.userAgent ?? '', rotatedBy?.userAgent ?? ''];
  if (now === '' || before === '') return why.programUnknown;
  return now === before ? why.otherAddress : why.theft;
};

/** What stopped it, and what would stand in the way if it were put back. */
const explainRevocation = (
  grant: Grant,
  client: Client,
  texts: Texts,
  nowMs: Millis,
): Omit<Explanation, 'kind'> => {
  const { why, advice } = texts;
  const cause = explainCause(grant, texts);
  const also =
    client.disabledAt === null ? (lacksSecret(client, nowMs) ? why.alsoNoSecret : '') : why.alsoDisabled;
  const detail = [cause.detail, also].filter((part) => part !== '').join(' ');
  return { ...cause, detail, advice: hasEndedSince(grant, nowMs) ? advice.pointless : cause.advice };
};

/** Whether its newest token would be refused even if it were put back. */
const hasEndedSince = ({ keyEnded, refreshTokenExpiresAt, grantExpiresAt }: Grant, nowMs: Millis): boolean =>
  keyEnded !== null ||
  [refreshTokenExpiresAt, grantExpiresAt].some((at) => at !== null && Date.parse(at) <= nowMs);

const explainCause = (grant: Grant, texts: Texts): Omit<Explanation, 'kind'> => {
  const { why, advice } = texts;
  switch (grant.revocationCause) {
    case 'replay':
      return explainReplay(grant.replay, texts);
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

const explainReplay = (replay: Replay | null, texts: Texts): Omit<Explanation, 'kind'> => {
  const { why, advice, duration } = texts;
  if (replay === null) return { sentence: why.replayUnknown, detail: '', advice: advice.careful };
  const { generation, gap, secondsSinceRotation, looksLike } = replay;
  const newest = generation + gap;
  return {
    sentence:
      secondsSinceRotation === null
        ? why.replayAtUnknown(generation, newest)
        : why.replay(generation, newest, duration(secondsSinceRotation)),
    detail: describeSender(replay, texts),
    advice: looksLike === 'theft' ? advice.careful : advice.reinstate,
  };
};

/** Until when it lasted, and who set that. */
const explainExpiry = (grant: Grant, texts: Texts): Omit<Explanation, 'kind'> => {
  const { why, advice, duration } = texts;
  const { grantExpiresAt, refreshTokenExpiresAt, rotatedAt, createdAt, vehicleData } = grant;
  const isWhole =
    grantExpiresAt !== null &&
    Date.parse(grantExpiresAt) <= Date.parse(refreshTokenExpiresAt ?? grantExpiresAt);
  if (isWhole && vehicleData?.until === grantExpiresAt) return explainUntil(vehicleData, texts);
  if (isWhole)
    return { sentence: why.lifetime(utcText(texts, grantExpiresAt)), detail: '', advice: advice.consent };
  const from = Date.parse(rotatedAt ?? createdAt ?? '');
  const idle = duration(Math.max(0, Date.parse(refreshTokenExpiresAt ?? '') - from) / 1000);
  return { sentence: why.idle(idle), detail: '', advice: advice.consent };
};

const explainUntil = (
  { until, askedUntil, purpose }: NonNullable<Grant['vehicleData']>,
  texts: Texts,
): Omit<Explanation, 'kind'> => {
  const { why, advice } = texts;
  const endedAt = utcText(texts, until ?? '');
  const isAsked = until === askedUntil;
  const asked = askedUntil === null ? why.untilAskedNoEnd : why.untilAsked(utcText(texts, askedUntil));
  return {
    sentence: isAsked ? why.untilOfClient(endedAt) : why.untilOfOwner(endedAt),
    detail: isAsked ? why.untilFor(purpose) : asked,
    advice: advice.consent,
  };
};
