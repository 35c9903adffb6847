import type { Policy } from '../clients/policy.ts';
import type { Millis } from '../clock.ts';
import type { Grant } from '../grants/grant.ts';
import { issueTokens } from '../grants/issue.ts';
import type { TokenAnswer } from '../grants/issue.ts';
import type { UndecidedUses } from '../grants/undecided-uses.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { GrantRequest, GrantTypeContext } from './grant-type.ts';

/** One use of a refresh token or code, by which its retry is recognised. */
export type TokenUse = { readonly undecided: UndecidedUses; readonly use: OpenedRefreshToken };

/**
 * Issues the tokens of a use: at once or, for JWTs, a moment later. The store calls this, because a use counts as
 * answered only once its tokens are issued. Where that fails, the use is undecided.
 */
export const issueForUse = (
  context: GrantTypeContext,
  { shapes }: Pick<GrantRequest, 'shapes'>,
  { undecided, use }: TokenUse,
  { grant, policy, nowMs }: { readonly grant: Grant; readonly policy: Policy; readonly nowMs: Millis },
): TokenAnswer | Promise<TokenAnswer> => {
  try {
    const tokens = issueTokens(context, shapes, grant, policy, nowMs);
    if (tokens instanceof Promise) return settle(tokens, { undecided, use });
    undecided.forget(use);
    return tokens;
  } catch (error) {
    undecided.add(use);
    throw error;
  }
};

const settle = async (issuing: Promise<TokenAnswer>, { undecided, use }: TokenUse): Promise<TokenAnswer> => {
  try {
    const tokens = await issuing;
    undecided.forget(use);
    return tokens;
  } catch (error) {
    undecided.add(use);
    throw error;
  }
};
