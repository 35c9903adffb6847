import type { Policy } from '../clients/policy.ts';
import { Refusal } from '../errors.ts';
import { chooseAudiences } from '../grants/audience.ts';

/** The parameter by which a client says whom its token is for. It may be repeated. @see RFC 8707 §2.2 */
export const RESOURCE = {
  name: 'resource',
  purpose:
    'A resource that the access token is for, as the registration of the client names it; all of them where absent.',
  refusals: ['target_unknown'],
} as const;

/** The audiences of the tokens of a request. Throws a `Refusal` where the client may not name one of them. */
export const readAudiences = (
  policy: Policy,
  resources: string | undefined,
  issuer: string,
): readonly string[] => {
  const chosen = chooseAudiences(policy, resources, issuer);
  if (chosen === 'unknown') throw new Refusal('target_unknown');
  return chosen;
};
