import type { CodeDecision, CodeUseRecord, CodeWorld } from './code-world.ts';

const LIFETIME_MS = 600_000;

/**
 * The store decides about a code now. Notes what the documents say has to come of it, lets it happen, and compares what
 * became of the grant with what had to.
 *
 * Claims (RFC 6749 §4.1.2 and §4.1.3, RFC 7636 §4.6): a code is good for its own client, with the redirect URI and the
 * verifier of its request, for ten minutes and once; a second use ends what the first gave; nothing else ends it.
 */
export const decideCode = async <Result>(
  world: CodeWorld,
  use: CodeUseRecord,
  clockMs: number,
  work: () => Result | Promise<Result>,
): Promise<Result> => {
  const { code } = use;
  const before = await world.store.look(code.id);
  const isAlive = before !== undefined && before.revocation === undefined;
  const decision = { order: world.decisions++, ...expectCode(use, clockMs, before?.generation, isAlive) };
  use.decision = decision;
  if (decision.isFirst) code.first = use;
  const result = await work();
  const after = await world.store.look(code.id);
  if (before === undefined && (after !== undefined) !== decision.isFirst) {
    const did = after === undefined ? 'made no grant' : 'made a grant';
    world.violate('one-grant', `${describeUse(use)} ${did}, though ${decision.because}`);
  }
  const isRevoked = after?.revocation !== undefined;
  if (isAlive && decision.revokes !== 'maybe' && isRevoked !== decision.revokes) {
    const did = isRevoked ? 'revoked' : 'did not revoke';
    world.violate('revocation', `${describeUse(use)} ${did} the grant, though ${decision.because}`);
  }
  return result;
};

type Expected = Omit<CodeDecision, 'order'>;

const expectCode = (
  use: CodeUseRecord,
  clockMs: number,
  generation: number | undefined,
  isAlive: boolean,
): Expected => {
  const { code, words } = use;
  const nothing = (because: string, revokes: Expected['revokes'] = false): Expected => ({
    outcomes: ['dead'],
    revokes,
    isFirst: false,
    because,
  });
  if (words.client.isDisabled) return { ...nothing('the client is disabled'), outcomes: ['unauthenticated'] };
  if (words.client !== code.owner) return nothing('the code was issued to another client');
  if (words.brand !== code.brand) return nothing('the code was issued under another brand');
  if (clockMs - code.issuedAtMs >= LIFETIME_MS) return nothing('its ten minutes are over');
  if (words.redirectUri !== code.redirectUri) return nothing('it was sent to another redirect URI');
  if (words.verifier !== code.verifier) return nothing('the verifier is not that of the request');
  if (code.owner.type === 'public' && words.verifier === undefined)
    return nothing('a public client has nothing but its verifier to show');
  const { first } = code;
  if (first === undefined)
    return { outcomes: ['granted'], revokes: false, isFirst: true, because: 'it is its first use' };
  // What is given again is what was given first, as long as that is good and unused.
  const isGoodYet = isAlive && generation === 0;
  const again = (because: string): Expected => ({
    outcomes: [isGoodYet ? 'granted' : 'dead'],
    revokes: false,
    isFirst: false,
    because,
  });
  if (words.key !== undefined && words.key === first.words.key)
    return again('it is the same use, by its key');
  const retry = isRetryOfOurs(use);
  if (retry === true) return again('its last use ended in our own 503');
  if (retry === false) return nothing('it is a second use', true);
  return { ...nothing('it may be a retry of ours', 'maybe'), outcomes: ['granted', 'dead'] };
};

/**
 * Whether the last use of this code at this very life of this node ended in a 503 because nobody could say how its commit
 * ended. A refusal in between settles nothing. `maybe` where uses overlapped.
 */
const isRetryOfOurs = (use: CodeUseRecord): boolean | 'maybe' => {
  const { node, incarnation, code } = use;
  const others = code.uses.filter(
    (other) =>
      other !== use &&
      other.node === node &&
      other.incarnation === incarnation &&
      other.arrivedAtMs !== undefined &&
      (other.storeFailure === 'outcome_unknown' ||
        other.answer === undefined ||
        other.answer.kind === 'granted'),
  );
  if (others.every(({ storeFailure }) => storeFailure !== 'outcome_unknown'))
    return others.some(({ answer }) => answer === undefined) ? 'maybe' : false;
  const byArrival = [...others, use].sort((a, b) => (a.arrivedAtMs ?? 0) - (b.arrivedAtMs ?? 0));
  const isInTurn = byArrival.every((one, at) => {
    const next = byArrival[at + 1];
    return next === undefined || (one.answeredAtMs ?? Infinity) < (next.arrivedAtMs ?? 0);
  });
  if (!isInTurn || byArrival.at(-1) !== use) return 'maybe';
  return byArrival.at(-2)?.storeFailure === 'outcome_unknown';
};

/**
 * A node answered. Claims: the answer is one that the documents allow; whatever is given for one code is one and the same
 * refresh token; a store that fails is a 503 and a 503 is a store that failed; nothing is said of a code that the
 * store has not been asked about, but that a public client must send a verifier (RFC 9700 §2.1.1).
 */
export const checkCodeAnswer = (world: CodeWorld, use: CodeUseRecord, failuresBefore: number): void => {
  const { answer, decision, storeFailure, node, words, code } = use;
  if (answer === undefined) return;
  const violate = (checker: string, what: string): void =>
    world.violate(checker, `${describeUse(use)} ${what}`);
  if (answer.kind === 'broken') return violate('wire', `got what is not documented: ${answer.what}`);
  if (answer.kind === 'outage') {
    if (storeFailure === undefined && node.storeFailures === failuresBefore)
      violate('outage', 'got a 503 though the store answered');
    return;
  }
  if (storeFailure !== undefined) return violate('outage', `got ${answer.kind} though the store failed`);
  if (decision === undefined) {
    const { isDisabled, changedAtMs, type, secret } = words.client;
    const isRefusable =
      isDisabled || changedAtMs + world.store.staleMs >= (use.arrivedAtMs ?? 0) || secret !== words.secret;
    const isUnverified = type === 'public' && words.verifier === undefined;
    const isRight =
      (answer.kind === 'unauthenticated' && isRefusable) || (answer.kind === 'dead' && isUnverified);
    if (!isRight) violate('outage', `got ${answer.kind} though the store was never asked`);
    return;
  }
  if (!decision.outcomes.includes(answer.kind))
    return violate(
      'verdict',
      `got ${answer.kind} instead of ${decision.outcomes.join(' or ')}, though ${decision.because}`,
    );
  if (answer.kind !== 'granted') return;
  code.refreshToken ??= answer.refreshToken;
  if (code.refreshToken !== answer.refreshToken) violate('one-pair', 'got a second refresh token');
};

/** A use in words. */
export const describeUse = ({ actor, code, node, decision }: CodeUseRecord): string =>
  `${actor} with ${code.name} at ${node.name}${decision === undefined ? '' : ` (decision ${decision.order})`}`;
