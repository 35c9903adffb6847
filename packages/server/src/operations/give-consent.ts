import { latestMomentOfAge, leastAgeMs, readNow, toMillis, toSeconds } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { CODE_KEPT_SECONDS, CODE_RELOAD_SECONDS } from '../grants/code.ts';
import type { AuthorizationCode } from '../grants/code.ts';
import type { Now } from '../clock.ts';
import type { Caller } from '../log-event.ts';
import { sealCode } from '../tokens/authorization-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';
import type { DialectRules } from './dialect-rules.ts';

/** What an owner agreed to, for which client. */
export type Consent = Omit<AuthorizationCode, 'grantId' | 'issuedAtMs'>;

export type ConsentGiven =
  /** The code that the client exchanges for its first tokens. */
  | { readonly outcome: 'given'; readonly code: string }
  | { readonly outcome: 'client_unknown' }
  /** The request was pushed, and an owner agreed to it before. */
  | { readonly outcome: 'used' };

/** How often a random id is tried that another grant may have. */
const ATTEMPTS = 3;

/** Stores what an owner agreed to and issues the authorization code for it. Reports `consent.given`. Throws `StoreError`. */
export const giveConsent = async (
  context: Pick<OperationContext, 'store' | 'keyRing' | 'clock' | 'doubt' | 'randomness' | 'emit'>,
  { name: dialect, shapes }: Pick<DialectRules, 'name' | 'shapes'>,
  consent: Consent,
  {
    requestId,
    caller,
    pushedGrantId,
  }: {
    readonly requestId: string;
    readonly caller: Caller;
    /** The grant that consent makes, where the client pushed its request; else a new one. */
    readonly pushedGrantId?: GrantId | undefined;
  },
): Promise<ConsentGiven> => {
  const { store, keyRing, randomness, emit } = context;
  const now = readNow(context);
  const { nowMs: issuedAtMs } = now;
  // A code that only a doubt about the clock has ended stays.
  const dropBeforeMs = latestMomentOfAge(toMillis(CODE_KEPT_SECONDS), now);
  const { clientId, vehicles } = consent;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const grantId = pushedGrantId ?? randomness.bytes(8).readBigInt64BE();
    const outcome = await store.createCode({ ...consent, grantId, issuedAtMs }, dropBeforeMs);
    if (outcome === 'client_unknown') return { outcome };
    if (outcome === 'id_taken' && pushedGrantId !== undefined)
      return repeatConsent(context, shapes, { ...consent, grantId }, now);
    if (outcome === 'id_taken') continue;
    const about = { requestId, caller, clientId, grantId: writeGrantId(grantId), vehicles: vehicles.length };
    emit({ event: 'consent.given', dialect, ...about });
    const issuedAt = toSeconds(issuedAtMs);
    return { outcome: 'given', code: sealCode(keyRing.seal.active, shapes.code, { grantId, issuedAt }) };
  }
  throw new StoreError('unavailable', 'no free grant id was found');
};

/**
 * What an owner gets who agrees to a pushed request again: the same code, for one who presses twice or whose first answer
 * was lost. Later, or once the client has used the code, the request is used.
 */
const repeatConsent = async (
  { store, keyRing }: Pick<OperationContext, 'store' | 'keyRing'>,
  shapes: DialectRules['shapes'],
  { grantId, clientId, subject }: Pick<AuthorizationCode, 'grantId' | 'clientId' | 'subject'>,
  now: Now,
): Promise<ConsentGiven> => {
  const code = await store.readCode(grantId);
  const isSame = code?.clientId === clientId && code.subject === subject && code.redeemedAtMs === undefined;
  if (!isSame || leastAgeMs(code.issuedAtMs, now) >= toMillis(CODE_RELOAD_SECONDS))
    return { outcome: 'used' };
  const issuedAt = toSeconds(code.issuedAtMs);
  return { outcome: 'given', code: sealCode(keyRing.seal.active, shapes.code, { grantId, issuedAt }) };
};
