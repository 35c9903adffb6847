import type { AuthorizationCode } from 'keyfob/grants/authorization-code';
import type { Grant } from 'keyfob/grants/grant';
import type { CodeUse, Store } from 'keyfob/grants/store';
import type { Vehicle } from 'keyfob/grants/vehicle';
import { CALLER, CREATED_AT } from './samples.ts';

/** Makes a grant as an owner's consent does: by a code that is issued and redeemed. Its client must be there. */
export const consentTo = async (
  store: Store,
  vehicles: readonly Vehicle[],
  more: Partial<AuthorizationCode> = {},
): Promise<Grant> => {
  const code: AuthorizationCode = {
    grantId: 42n,
    clientId: 'client-a',
    redirectUri: 'https://app.example/callback',
    codeChallenge: undefined,
    issuedAt: CREATED_AT,
    subject: 'owner-1',
    scope: 'read_vehicle_info',
    brand: undefined,
    vehicles,
    ...more,
  };
  const created = await store.createCode(code);
  if (created !== 'created') throw new Error(`the code could not be made: ${created}`);
  const result = await store.redeemCode(redemptionOf(code));
  if (result === 'client_gone' || result.grant === undefined) throw new Error('the code gave no grant');
  return result.grant;
};

/** The first use of a code, as its client makes it. */
const redemptionOf = ({ grantId, issuedAt, clientId, brand, redirectUri }: AuthorizationCode): CodeUse => ({
  nowMs: CREATED_AT * 1000,
  keyNumber: 1,
  caller: CALLER,
  requestId: 'request-1',
  presented: {
    grantId,
    issuedAt,
    clientId,
    brand,
    redirectUri,
    codeVerifier: undefined,
    useDigest: undefined,
    isRetryOfOurs: false,
  },
});
