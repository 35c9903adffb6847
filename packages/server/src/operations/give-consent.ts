import { latestMomentOfAge, readNow, toMillis, toSeconds } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { CODE_KEPT_SECONDS } from '../grants/code.ts';
import type { AuthorizationCode } from '../grants/code.ts';
import type { Caller } from '../log-event.ts';
import { sealCode } from '../tokens/authorization-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';
import type { DialectRules } from './dialect-rules.ts';

/** What an owner agreed to, for which client. */
export type Consent = Omit<AuthorizationCode, 'grantId' | 'issuedAtMs'>;

export type ConsentGiven =
  /** The code that the client exchanges for its first tokens. */
  { readonly outcome: 'given'; readonly code: string } | { readonly outcome: 'client_unknown' };

/** How often a random id is tried that another grant may have. */
const ATTEMPTS = 3;

/** Stores what an owner agreed to and issues the authorization code for it. Reports `consent.given`. Throws `StoreError`. */
export const giveConsent = async (
  context: Pick<OperationContext, 'store' | 'keyRing' | 'clock' | 'doubt' | 'randomness' | 'emit'>,
  { name: dialect, shapes }: Pick<DialectRules, 'name' | 'shapes'>,
  consent: Consent,
  { requestId, caller }: { readonly requestId: string; readonly caller: Caller },
): Promise<ConsentGiven> => {
  const { store, keyRing, randomness, emit } = context;
  const now = readNow(context);
  const { nowMs: issuedAtMs } = now;
  // A code that only a doubt about the clock has ended stays.
  const dropBeforeMs = latestMomentOfAge(toMillis(CODE_KEPT_SECONDS), now);
  const { clientId, vehicles } = consent;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const grantId = randomness.bytes(8).readBigInt64BE();
    const outcome = await store.createCode({ ...consent, grantId, issuedAtMs }, dropBeforeMs);
    if (outcome === 'client_unknown') return { outcome };
    if (outcome === 'id_taken') continue;
    const about = { requestId, caller, clientId, grantId: writeGrantId(grantId), vehicles: vehicles.length };
    emit({ event: 'consent.given', dialect, ...about });
    const issuedAt = toSeconds(issuedAtMs);
    return { outcome: 'given', code: sealCode(keyRing.seal.active, shapes.code, { grantId, issuedAt }) };
  }
  throw new StoreError('unavailable', 'no free grant id was found');
};
