import type { Policy } from '../clients/policy.ts';
import type { Millis } from '../clock.ts';
import type { Grant } from '../grants/grant.ts';
import { issueTokens } from '../grants/issue.ts';
import type { TokenAnswer } from '../grants/issue.ts';
import type { UndecidedUses } from '../grants/undecided-uses.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { GrantRequest, GrantTypeContext } from './grant-type.ts';

/** The tokens of one use of a refresh token or code. */
export type Issuance = {
  /** `undefined` until they are issued. */
  tokens: TokenAnswer | undefined;
  /** Issues them, at once or, for JWTs, a moment later. The use stays undecided where this fails. */
  issue(grant: Grant, policy: Policy): void | Promise<void>;
};

/** The store gets `issue`, because a use counts as answered only once its tokens are issued. */
export const createIssuance = (
  context: GrantTypeContext,
  { shapes }: Pick<GrantRequest, 'shapes'>,
  undecided: UndecidedUses,
  use: OpenedRefreshToken,
  nowMs: Millis,
): Issuance => {
  const keep = (tokens: TokenAnswer): void => {
    issuance.tokens = tokens;
    undecided.forget(use);
  };
  const fail = (error: unknown): never => {
    undecided.add(use);
    throw error;
  };
  const issuance: Issuance = {
    tokens: undefined,
    issue(grant, policy) {
      try {
        const tokens = issueTokens(context, shapes, grant, policy, nowMs);
        if (tokens instanceof Promise) return tokens.then(keep, fail);
        keep(tokens);
      } catch (error) {
        fail(error);
      }
    },
  };
  return issuance;
};
