import { expect } from './expectation.ts';
import type { Expectation, Outcome, Shown } from './expectation.ts';
import type { Answer } from '../support/token-requests.ts';
import type { Presentation, World } from './world.ts';

/**
 * The store decides about a presentation now. Notes what the documents say has to come of it, lets it happen, and
 * compares whether the grant is revoked, as an operator sees it, with whether it had to be.
 *
 * Claims: a replay under the policy `revoke` revokes the grant at once (RFC 9700 §4.14.2); nothing else does, least of
 * all a client that raced itself, a retry, or a token in foreign hands (DESIGN §5).
 */
export const decide = async <Result>(
  world: World,
  presentation: Presentation,
  clockMs: number,
  work: () => Result | Promise<Result>,
): Promise<Result> => {
  const { grant } = presentation;
  const { policy } = grant.owner.plan;
  const shown: Shown = {
    index: presentation.index,
    clockMs,
    key: presentation.key,
    isClientEnabled: presentation.foreign === 'client' || !grant.owner.isDisabled,
    isForeign: presentation.foreign !== undefined,
    isRetryOfOurs: isRetryOfOurs(presentation),
  };
  const expectation = expect({ ...grant.standing, createdAtMs: grant.createdAtMs }, shown, policy);
  const order = world.decisions++;
  presentation.decision = {
    order,
    clockMs,
    epoch: grant.epoch,
    isClientEnabled: shown.isClientEnabled,
    expectation,
  };
  const wasRevoked = grant.standing.isRevoked;
  grant.standing = expectation.after;
  const result = await work();
  const isRevoked = (await world.store.look(grant.id))?.revocation !== undefined;
  const hasToBe = wasRevoked || expectation.revokes;
  if (grant.standing.isThere && hasToBe !== 'maybe' && isRevoked !== hasToBe) {
    world.violate(
      'revocation',
      `${describe(presentation)} ${isRevoked ? 'revoked' : 'did not revoke'} the grant, though ${expectation.because}`,
    );
  }
  grant.standing = { ...grant.standing, isRevoked };
  return result;
};

/**
 * Whether the last use of this token, at this very life of this node, ended in a 503 because nobody could say how its
 * commit ended. A refusal in between settles nothing: it may have been a stranger's. `maybe` where uses of the same token overlapped, so that it cannot be said which one was the last.
 */
const isRetryOfOurs = (presentation: Presentation): boolean | 'maybe' => {
  const { node, incarnation, index, grant } = presentation;
  const others = grant.presentations.filter(
    (other) =>
      other !== presentation &&
      other.node === node &&
      other.incarnation === incarnation &&
      other.index === index &&
      other.arrivedAtMs !== undefined &&
      (other.storeFailure === 'outcome_unknown' ||
        other.answer === undefined ||
        other.answer.kind === 'granted'),
  );
  if (others.every(({ storeFailure }) => storeFailure !== 'outcome_unknown')) {
    return others.some(({ answer }) => answer === undefined) ? 'maybe' : false;
  }
  const byArrival = [...others, presentation].sort((a, b) => (a.arrivedAtMs ?? 0) - (b.arrivedAtMs ?? 0));
  const isInTurn = byArrival.every((one, at) => {
    const next = byArrival[at + 1];
    return next === undefined || (one.answeredAtMs ?? Infinity) < (next.arrivedAtMs ?? 0);
  });
  if (!isInTurn || byArrival.at(-1) !== presentation) return 'maybe';
  return byArrival.at(-2)?.storeFailure === 'outcome_unknown';
};

/**
 * A node answered. Claims: the answer is one of those the documents allow for what the store decided; the refresh token
 * in it is the successor, or the current one again, and never a second string for the same place in the chain, so
 * two different successors of one token never both work (DESIGN §4); a store that fails is a 503 and a 503 is a store
 * that failed (DESIGN §6, §8); an answer says nothing of a token that the store has not been asked about.
 */
export const checkAnswer = (world: World, presentation: Presentation, failuresBefore: number): void => {
  const { answer, decision, storeFailure, node, grant } = presentation;
  if (answer === undefined) return;
  const violate = (checker: string, what: string): void =>
    world.violate(checker, `${describe(presentation)} ${what}`);
  if (answer.kind === 'broken')
    return violate('wire', `got an answer that is not documented: ${answer.what}`);
  if (answer.kind === 'outage') {
    if (storeFailure === undefined && node.storeFailures === failuresBefore)
      violate('outage', 'got a 503 though the store answered');
    return;
  }
  if (storeFailure !== undefined) return violate('outage', `got ${answer.kind} though the store failed`);
  if (decision === undefined) {
    const { isDisabled, changedAtMs } = grant.owner;
    const mayBeRefused = isDisabled || changedAtMs + world.store.staleMs >= (presentation.arrivedAtMs ?? 0);
    if (answer.kind !== 'unauthenticated' || !mayBeRefused)
      violate('outage', `got ${answer.kind} though the store was never asked`);
    return;
  }
  const { outcomes, because } = decision.expectation;
  const outcome = outcomeOf(presentation, answer, outcomes);
  if (!outcomes.includes(outcome))
    return violate('verdict', `got ${outcome} instead of ${outcomes.join(' or ')}, though ${because}`);
  if (answer.kind === 'granted') learn(presentation, answer.refreshToken, outcome, violate);
};

const outcomeOf = (
  { index }: Presentation,
  answer: Exclude<Answer, { kind: 'broken' | 'outage' }>,
  expected: Expectation['outcomes'],
): Outcome => {
  if (answer.kind !== 'granted') return answer.kind;
  // Which of the two it is, the string tells in `learn`; a grant nobody expected is named by what it would mean.
  return (
    expected.find((one) => one === 'successor' || one === 'current') ?? (index >= 0 ? 'current' : 'dead')
  );
};

const learn = (
  { grant, index, decision }: Presentation,
  token: string,
  outcome: Outcome,
  violate: (checker: string, what: string) => void,
): void => {
  if (decision === undefined) return;
  const place = outcome === 'successor' ? index + 1 : decision.expectation.after.current;
  const known = grant.indexOf.get(token);
  if (known !== undefined && known !== place)
    return violate('chain', `got token ${known} of the grant, where ${place} was due`);
  grant.indexOf.set(token, place);
  if (decision.epoch !== grant.epoch) return;
  const before = grant.stringOf.get(place);
  if (before !== undefined && before !== token)
    return violate('chain', `got a second string for token ${place} of the grant`);
  grant.stringOf.set(place, token);
};

/** A presentation in words. */
export const describe = ({ actor, grant, index, node, decision }: Presentation): string =>
  `${actor} with ${grant.plan.name}.${index} at ${node.name}${decision === undefined ? '' : ` (decision ${decision.order})`}`;
