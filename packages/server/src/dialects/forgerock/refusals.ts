import type { Policy } from '../../clients/policy.ts';
import { reasonsOf } from '../../errors.ts';
import type { Refusal, RefusalReason } from '../../errors.ts';
import type { OAuthAnswer } from '../oauth/refusals.ts';

/** The product's sentence for any wrong request, which a dead token gets too: kvanbiesen/bmw-cardata-ha#381, dj0abr/bmw-mqtt-bridge#4. */
const DEAD_TOKEN: OAuthAnswer = {
  status: 400,
  error: 'invalid_request',
  description:
    'The request is missing a required parameter, includes an unsupported parameter value (other than grant type), ' +
    'repeats a parameter, includes multiple credentials, utilizes more than one mechanism for authenticating the client, ' +
    'or is otherwise malformed',
};

/** The errors that are known. Every other text is that of plain OAuth 2.0, and ours. */
export const refusals: Partial<Readonly<Record<RefusalReason, OAuthAnswer>>> = Object.fromEntries(
  reasonsOf('dead_token').map((reason) => [reason, DEAD_TOKEN]),
);

/** The option of a client that chooses the status of a pending device: programs saw 403, where RFC 8628 §3.5 has 400. */
export const PENDING_STATUS = 'pendingStatus';
export const PENDING_STATUSES = ['403', '400'] as const;

const PENDING = 'authorization_pending';

const pending = (status: string): OAuthAnswer => ({
  status: Number(status),
  error: PENDING,
  description: 'The owner has not decided yet.',
});

/** What the policy of a client makes of a pending device. */
export const chosenRefusals = {
  choose({ oauthError }: Refusal, policy: Policy | undefined): OAuthAnswer | undefined {
    if (oauthError?.error !== PENDING) return undefined;
    return pending(policy?.dialectOptions?.[PENDING_STATUS] ?? PENDING_STATUSES[0]);
  },
  choicesOf: ({ oauthError }: Refusal): readonly OAuthAnswer[] =>
    oauthError?.error === PENDING ? PENDING_STATUSES.map(pending) : [],
};
