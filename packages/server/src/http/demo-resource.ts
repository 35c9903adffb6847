import { PROOF_ALGORITHMS } from '../clients/public-jwk.ts';
import { readBearerAccess } from '../dialects/bearer.ts';
import { answerClient, renderOAuthRefusal } from '../dialects/oauth/answers.ts';
import { oauth } from '../dialects/oauth/oauth.ts';
import { classOf } from '../errors.ts';
import type { AccessContext } from '../grants/read-access.ts';
import type { RouteGroup } from '../wire/route.ts';

/** Where the resource of a demo is, under the issuer. */
export const DEMO_RESOURCE_PATH = '/demo/resource';

/** A protected resource of a demo: it says whom the access token of a client of the dialect `oauth` is about. */
export const createDemoResource = (context: AccessContext): RouteGroup => ({
  name: oauth.name,
  routes: {
    [`GET ${DEMO_RESOURCE_PATH}`]: async (visit) => {
      const { grant } = await readBearerAccess(context, oauth, visit);
      return answerClient({ subject: grant.subject, scope: grant.scope }, visit.exchange);
    },
  },
  renderRefusal(refusal, visit) {
    const response = renderOAuthRefusal(refusal, visit);
    if (classOf(refusal.reason) !== 'unproved') return response;
    // RFC 9449 §7.1.
    const { error } = JSON.parse(response.body) as { readonly error: string };
    const challenge = `DPoP error="${error}", algs="${PROOF_ALGORITHMS.join(' ')}"`;
    return { ...response, status: 401, headers: { ...response.headers, 'WWW-Authenticate': challenge } };
  },
});
