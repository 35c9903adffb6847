import type { KeyRing } from '../tokens/key-ring.ts';

/** What is wrong with the algorithm of a client's JWTs, one sentence each: the ring must have a key that signs by it. */
export const faultsOfAlgorithm = ({ signRs256 }: KeyRing, algorithm: unknown): readonly string[] =>
  algorithm === 'RS256' && signRs256.usable.length === 0
    ? [
        'accessTokenAlgorithm RS256 needs a key: add one with "keyfob keys rotate --purpose sign-rs256", or where the ring is kept',
      ]
    : [];
