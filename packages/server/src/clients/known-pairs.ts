type Proof = { provenAtMs: number };
type Proofs = Map<string, Map<string, Proof>>;

/** For how long a client is known at a network after it authenticated there. */
const KNOWN_MS = 86_400_000;
/** Half of the pairs that are kept at a time. */
export const PAIRS_MAX = 50_000;

/**
 * Pairs of a client and a network from which it authenticated with a secret within the last day. A pair that is not used
 * while `PAIRS_MAX` others are is forgotten. A known pair costs two look-ups and no string.
 */
export const createKnownPairs = () => {
  let newer: Proofs = new Map();
  let older: Proofs = new Map();
  let count = 0;

  const add = (clientId: string, network: string, proof: Proof): void => {
    if (count >= PAIRS_MAX) {
      older = newer;
      newer = new Map();
      count = 0;
    }
    count++;
    const networks = newer.get(clientId);
    if (networks === undefined) newer.set(clientId, new Map([[network, proof]]));
    else networks.set(network, proof);
  };

  const find = (clientId: string, network: string): Proof | undefined => {
    const known = newer.get(clientId)?.get(network);
    if (known !== undefined) return known;
    const old = older.get(clientId)?.get(network);
    if (old !== undefined) add(clientId, network, old);
    return old;
  };

  return {
    note(clientId: string, network: string, nowMs: number): void {
      const known = find(clientId, network);
      if (known === undefined) add(clientId, network, { provenAtMs: nowMs });
      else known.provenAtMs = nowMs;
    },
    has(clientId: string, network: string, nowMs: number): boolean {
      const known = find(clientId, network);
      return known !== undefined && nowMs - known.provenAtMs < KNOWN_MS;
    },
  };
};
