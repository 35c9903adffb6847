import { readNow } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { mayIssuePersonal, personalGrantOf } from '../grants/judge-personal.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import { defineGrantType } from './grant-type.ts';
import type { GrantType } from './grant-type.ts';

/** The name of the grant type: an absolute URI, as it is none of the RFC's. @see RFC 6749 §4.5 */
export const PERSONAL_GRANT = 'urn:keyfob:grant-type:personal';

/**
 * Issues an access token for the one grant that a client's registration names (`personalGrant`): for a client that belongs
 * to the owner, with nothing but its secret. There is no refresh token, and nothing is stored. The client authenticates
 * again when the token has expired.
 */
export const personalGrant: GrantType = defineGrantType({
  grantType: PERSONAL_GRANT,
  description: { givesRefreshToken: false, refusals: ['personal_grant_ended'] },
  parameters: [],
  async handle(context, { client, shapes, brand, dialect, requestId, caller, binding }) {
    const { id: clientId, type, policy } = client;
    const id = personalGrantOf(policy);
    if (type !== 'confidential' || id === undefined) throw new Refusal('client_not_permitted');
    const grant = await context.store.readGrant(id);
    const now = readNow(context);
    if (grant === undefined || !mayIssuePersonal(grant, { clientId, brand }, policy, now))
      throw new Refusal('personal_grant_ended');
    // Nothing that was given for the grant needs its key, which may be gone: the access token is of the active one, and so
    // is the refresh token beside it, which is dropped.
    const { accessToken, expiresInSeconds, scope } = await context.batches.issue({
      ...now,
      shapes,
      grant: { ...grant, keyNumber: context.keyRing.seal.active.number },
      policy,
      binding,
    });
    const grantId = writeGrantId(id);
    context.emit({ event: 'personal_token.issued', dialect, requestId, caller, clientId, grantId });
    return { accessToken, expiresInSeconds, ...(scope === undefined ? {} : { scope }) };
  },
});
