import type { Policy } from '../clients/policy.ts';
import type { Now } from '../clock.ts';
import { give, later } from '../eventual.ts';
import type { Eventual } from '../eventual.ts';
import type { CurrentGrant } from '../grants/grant.ts';
import type { IssueOrder, TokenAnswer } from '../grants/issue.ts';
import type { UndecidedUses } from '../grants/undecided-uses.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { readAudiences } from './audience.ts';
import { narrowedOf } from './authorization-details.ts';
import type { GrantRequest, GrantTypeContext } from './grant-type.ts';

/** One use of a refresh token or code, by which its retry is recognised. */
export type TokenUse = { readonly undecided: UndecidedUses; readonly use: OpenedRefreshToken };

/** What a client asks for besides tokens. */
type RequestedAccess = {
  readonly resource: string | undefined;
  /** Absent where the grant type has none. */
  readonly scope?: string | undefined;
  readonly authorization_details?: string | undefined;
};

/** What a store's decision about a use has in common, for a token and for a code. */
type Decided = {
  readonly verdict: { readonly kind: string };
  readonly fault?: string | undefined;
  readonly grant: CurrentGrant | undefined;
  readonly policy: Policy;
};

/** The tokens of one use, once the store has called `issue`; `undefined` where the decision gives none. */
export type Issuing = {
  tokens: TokenAnswer | undefined;
  readonly issue: (decided: Decided) => Eventual<void>;
};

/**
 * Prepares the issue of the tokens of a use, together with those of other uses. The store calls `issue`, because a use
 * counts as answered only once its tokens are issued. Where they cannot be, the use is undecided. Throws a `Refusal` where the
 * client names a resource that it may not name: before anything is used up.
 */
export const prepareIssuing = (
  { store, batches, issuer }: GrantTypeContext,
  {
    client,
    shapes,
    binding,
    parameters: { resource, scope, authorization_details: details },
  }: Pick<GrantRequest<RequestedAccess>, 'client' | 'shapes' | 'binding' | 'parameters'>,
  { undecided, use }: TokenUse,
  now: Now,
): Issuing => {
  const audiences = resource === undefined ? undefined : readAudiences(client.policy, resource, issuer);
  const issuing: Issuing = {
    tokens: undefined,
    issue({ verdict, fault, grant, policy }) {
      if (verdict.kind === 'refuse' || verdict.kind === 'replay') return;
      if (grant === undefined || fault !== undefined) return;
      const { nowMs, doubt } = now;
      const order = {
        nowMs,
        doubt,
        shapes,
        grant,
        policy,
        audiences,
        scope,
        binding,
        // A client that authenticates proves by that whose the refresh token is, and may change its key. RFC 9449 §5.
        bindsRefreshToken: client.type === 'public' && binding?.kind === 'jkt',
      };
      return later((done, failWith) => {
        const fail = (error: unknown): void => {
          undecided.add(use);
          failWith(error);
        };
        const issueFor = (one: IssueOrder): void =>
          give(batches.issue(one), {
            done(answer) {
              issuing.tokens = answer;
              undecided.forget(use);
              done();
            },
            fail,
          });
        if (grant.vehicleData === undefined) return issueFor(order);
        // Only here do answers say what a grant covers.
        const narrowed = narrowedOf(details);
        give(store.listVehicles(grant.id), {
          done: (vehicles) => issueFor({ ...order, vehicles, narrowed }),
          fail,
        });
      });
    },
  };
  return issuing;
};
