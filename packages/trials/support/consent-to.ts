import type { AuthorizationCode, Grant, Vehicle } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import { redeemed, sampleCode, sampleCodeUse } from './samples.ts';

/** Creates a grant as an owner's consent does: issues and redeems a code. The client must exist. */
export const consentTo = async (
  store: Store,
  vehicles: readonly Vehicle[],
  more: Partial<Pick<AuthorizationCode, 'grantId' | 'clientId' | 'subject' | 'vehicleData'>> = {},
): Promise<Grant> => {
  const code = sampleCode({ vehicles, ...more });
  const created = await store.createCode(code);
  if (created !== 'created') throw new Error(`the code could not be created: ${created}`);
  const { grantId, clientId } = code;
  const { grant } = await redeemed(store, sampleCodeUse({ presented: { grantId, clientId } }));
  if (grant === undefined) throw new Error('the code gave no grant');
  return grant;
};
