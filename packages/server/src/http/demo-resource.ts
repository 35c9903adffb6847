import { PROOF_ALGORITHMS } from '../clients/public-jwk.ts';
import { readBearerAccess } from '../dialects/bearer.ts';
import { answerClient, renderOAuthRefusal } from '../dialects/oauth/answers.ts';
import { oauth } from '../dialects/oauth/oauth.ts';
import { sentProofOf } from '../dialects/sent-proof.ts';
import { classOf } from '../errors.ts';
import type { AccessContext } from '../grants/read-access.ts';
import { readClientAccess } from '../grants/read-client-access.ts';
import type { ClientAccess } from '../grants/read-client-access.ts';
import { proveSender } from '../grants/prove-sender.ts';
import { readSentAccessToken } from '../wire/headers.ts';
import type { RouteGroup, Visit } from '../wire/route.ts';

/** Where the resource of a demo is, under the issuer. */
export const DEMO_RESOURCE_PATH = '/demo/resource';

/**
 * A protected resource of a demo: it says whom the access token of a client of the dialect `oauth` is about, an owner or the
 * client itself.
 */
export const createDemoResource = (context: AccessContext): RouteGroup => ({
  name: oauth.name,
  routes: {
    [`GET ${DEMO_RESOURCE_PATH}`]: async (visit) => {
      const own = await readOwn(context, visit);
      if (own !== undefined)
        return answerClient({ subject: own.client.id, scope: own.scope }, visit.exchange);
      const { grant, scope } = await readBearerAccess(context, oauth, visit);
      return answerClient({ subject: grant.subject, scope }, visit.exchange);
    },
  },
  renderRefusal(refusal, visit) {
    const response = renderOAuthRefusal(refusal, visit);
    if (classOf(refusal.reason) !== 'unproved') return response;
    // RFC 9449 §7.1, RFC 8705 §3: a token that its sender proves nothing for is worth nothing.
    const { error: answered } = JSON.parse(response.body) as { readonly error: string };
    const error = answered === 'invalid_request' ? 'invalid_token' : answered;
    const challenge = `DPoP error="${error}", algs="${PROOF_ALGORITHMS.join(' ')}"`;
    const body = response.body.replace(JSON.stringify(answered), JSON.stringify(error));
    return {
      ...response,
      status: 401,
      headers: { ...response.headers, 'WWW-Authenticate': challenge },
      body,
    };
  },
});

/** What a client's token for itself gives access to, if its sender is who it is bound to; `undefined` for another token. */
const readOwn = async (context: AccessContext, visit: Visit): Promise<ClientAccess | undefined> => {
  const sent = readSentAccessToken(visit.request);
  const access = await readClientAccess(context, sent.accessToken);
  if (access === undefined || access.client.dialect !== oauth.name) return undefined;
  const { binding } = access;
  await proveSender(context, { ...sent, binding }, sentProofOf(visit.request, context.issuer));
  return access;
};
