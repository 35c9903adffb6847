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

/** What a store's decision about a use has in common, for a token and for a code. */
type Decided = {
  readonly verdict: { readonly kind: string };
  readonly fault?: string | undefined;
  readonly grant: Grant | undefined;
  readonly policy: Policy;
};

/** The tokens of one use, once the store has called `issue`; `undefined` where the decision gives none. */
export type Issuing = {
  tokens: TokenAnswer | undefined;
  readonly issue: (decided: Decided) => void | Promise<void>;
};

/**
 * Prepares the issue of the tokens of a use: at once or, for JWTs, a moment later. The store calls `issue`, because a use
 * counts as answered only once its tokens are issued.
 */
export const prepareIssuing = (
  context: GrantTypeContext,
  request: Pick<GrantRequest, 'shapes'>,
  tokenUse: TokenUse,
  nowMs: Millis,
): Issuing => {
  const issuing: Issuing = {
    tokens: undefined,
    issue({ verdict, fault, grant, policy }) {
      if (verdict.kind === 'refuse' || verdict.kind === 'replay') return;
      if (grant === undefined || fault !== undefined) return;
      const issued = issueForUse(context, request, tokenUse, { grant, policy, nowMs });
      if (issued instanceof Promise) return issued.then((late) => void (issuing.tokens = late));
      issuing.tokens = issued;
    },
  };
  return issuing;
};

/** Where the tokens cannot be issued, the use is undecided. */
const issueForUse = (
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
