import type { Later } from '../eventual.ts';
import { issueAlike } from '../grants/issue.ts';
import type { IssueOrder, TokenAnswer, TokenIssuer } from '../grants/issue.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { openRefreshTokens } from '../tokens/refresh-token.ts';
import type { Opening } from '../tokens/refresh-token.ts';
import type { Shape } from '../tokens/shape.ts';
import { createRunCollector } from './run-collector.ts';

/** A refresh token to be opened. */
type Presentation = { readonly keyRing: KeyRing; readonly shape: Shape; readonly text: string };

/**
 * Opens and issues tokens, those of one synchronous run together: what arrived in one turn of the event loop, and what shares
 * a commit. A cipher call costs hardly more for many blocks than for one.
 */
export type TokenBatches = {
  open(presentation: Presentation): Later<Opening>;
  /** Fails with `StoreError` where the ring lacks the grant's key. */
  issue(order: IssueOrder): Later<TokenAnswer>;
};

export const createTokenBatches = (tokenIssuer: TokenIssuer): TokenBatches => ({
  open: createRunCollector<Presentation, Opening>({
    isAlike: (one, other) => one.shape === other.shape && one.keyRing === other.keyRing,
    work: (alike) =>
      alike[0] === undefined
        ? []
        : openRefreshTokens(
            alike[0].keyRing,
            alike[0].shape,
            alike.map(({ text }) => text),
          ),
  }),
  issue: createRunCollector<IssueOrder, TokenAnswer>({
    isAlike: (one, other) => one.shapes === other.shapes && one.grant.keyNumber === other.grant.keyNumber,
    work: (alike) => issueAlike(tokenIssuer, alike),
  }),
});
