import type { Answer } from '../support/token-requests.ts';
import { expectCode } from './code-expectation.ts';
import type { Decision, Presentation } from './records.ts';
import { expectRefresh } from './refresh-expectation.ts';
import { isRetryOfOurs } from './retry.ts';
import type { Expectation, Outcome } from './standing.ts';
import type { World } from './world.ts';

/**
 * The store decides about a presentation now. Notes what the documents say must come of it, lets it happen, and
 * compares whether the grant is there and revoked, as an operator sees it, with what must be.
 *
 * Claims: a code makes its grant once, and nothing else makes one (RFC 6749 §4.1.2); a replay under the policy `revoke`
 * revokes the grant at once (RFC 9700 §4.14.2), and so does a second use of a code; nothing else does: not a client that
 * raced itself, not a retry, not a token in the wrong hands.
 */
export const decide = async <Result>(
  world: World,
  presentation: Presentation,
  clockMs: number,
  work: () => Result | Promise<Result>,
): Promise<Result> => {
  const { grant } = presentation;
  const isClientEnabled = !senderOf(presentation, world).isDisabled;
  const expectation = expect(world, presentation, clockMs, isClientEnabled);
  const order = world.decisions++;
  presentation.decision = { order, clockMs, epoch: grant.epoch, isClientEnabled, expectation };
  const before = grant.standing;
  grant.standing = expectation.after;
  if (presentation.kind === 'code' && expectation.outcomes[0] === 'first')
    presentation.code.first = presentation;
  const result = await work();
  const after = await world.store.peek(grant.id);
  const violate = (checker: string, what: string): void =>
    world.violate(checker, `${describe(presentation)} ${what}, though ${expectation.because}`);
  const isThere = after !== undefined;
  const mayBeDead = expectation.outcomes.length > 1 && expectation.outcomes.includes('dead');
  if (isThere !== grant.standing.isThere && !mayBeDead)
    violate('existence', isThere ? 'made a grant' : before.isThere ? 'removed the grant' : 'made no grant');
  const isRevoked = after?.revocation !== undefined;
  const mustBe = expectation.outcomes[0] === 'first' ? false : before.isRevoked || expectation.revokes;
  if (isThere && grant.standing.isThere && mustBe !== 'maybe' && isRevoked !== mustBe)
    violate('revocation', isRevoked ? 'revoked the grant' : 'did not revoke the grant');
  grant.standing = isThere
    ? { ...grant.standing, isRevoked }
    : { ...grant.standing, isThere, isRevoked: false };
  if (presentation.kind === 'code' && isRevoked && !before.isRevoked)
    grant.endedAtDecision = Math.min(grant.endedAtDecision, order);
  return result;
};

const senderOf = (presentation: Presentation, world: World) => {
  if (presentation.kind === 'code') return presentation.fields.client;
  const { owner } = presentation.grant;
  return presentation.foreign === 'client' ? world.outsiders[owner.plan.dialect] : owner;
};

const expect = (
  world: World,
  presentation: Presentation,
  clockMs: number,
  isClientEnabled: boolean,
): Expectation => {
  const { grant } = presentation;
  const isRetry = isRetryOfOurs(presentation);
  if (presentation.kind === 'code')
    return expectCode(grant.standing, presentation, { nowMs: world.schedule.nowMs(), clockMs }, isRetry);
  const { index, key, foreign } = presentation;
  return expectRefresh(
    grant.standing,
    { index, clockMs, key, isClientEnabled, isForeign: foreign !== undefined, isRetryOfOurs: isRetry },
    grant.owner.plan.policy,
  );
};

/**
 * A node answered. Claims: the answer is one of those that the documents allow for what the store decided; the refresh
 * token in it is the one that is due, and never a second string for the same place in the chain, so two different
 * successors of one token never both work; a store that fails is a 503 and a 503 is a store that failed; an answer says
 * nothing about a token or a code that the store was not asked about, except that a public client must send a verifier
 * (RFC 9700 §2.1.1).
 */
export const checkAnswer = (world: World, presentation: Presentation, failuresBefore: number): void => {
  const { answer, decision, storeFailure, node } = presentation;
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
    if (!isRefusedEarly(world, presentation, answer))
      violate('outage', `got ${answer.kind} though the store was never asked`);
    return;
  }
  const { outcomes, because } = decision.expectation;
  const outcome = outcomeOf(presentation, answer, outcomes);
  if (!outcomes.includes(outcome))
    return violate('verdict', `got ${outcome} instead of ${outcomes.join(' or ')}, though ${because}`);
  if (answer.kind === 'granted')
    learn(presentation, decision, { token: answer.refreshToken, outcome }, violate);
};

/** Whether the endpoint may refuse this without asking the store about the token or the code. */
const isRefusedEarly = (world: World, presentation: Presentation, answer: Answer): boolean => {
  const client = presentation.kind === 'code' ? presentation.fields.client : presentation.grant.owner;
  if (answer.kind === 'unauthenticated') {
    const isSecretWrong = presentation.kind === 'code' && presentation.fields.secret !== client.secret;
    const mayBeDisabled =
      client.isDisabled || client.changedAtMs + world.store.staleMs >= (presentation.arrivedAtMs ?? 0);
    return isSecretWrong || mayBeDisabled;
  }
  const isUnverified =
    presentation.kind === 'code' &&
    client.plan.type === 'public' &&
    presentation.fields.verifier === undefined;
  return answer.kind === 'dead' && isUnverified;
};

const outcomeOf = (
  presentation: Presentation,
  answer: Exclude<Answer, { kind: 'broken' | 'outage' }>,
  expected: Expectation['outcomes'],
): Outcome => {
  if (answer.kind !== 'granted') return answer.kind;
  // `learn` sees by the string which of them it is; an unexpected grant gets the name of what it would mean.
  const wasKnown = presentation.kind === 'code' || presentation.index >= 0;
  return (
    expected.find((one) => one === 'first' || one === 'successor' || one === 'current') ??
    (wasKnown ? 'current' : 'dead')
  );
};

/** Notes which refresh token of the grant a string is, and compares it with what is known. */
const learn = (
  presentation: Presentation,
  decision: Decision,
  { token, outcome }: { readonly token: string; readonly outcome: Outcome },
  violate: (checker: string, what: string) => void,
): void => {
  const { grant } = presentation;
  const isNext = presentation.kind === 'refresh' && outcome === 'successor';
  const place = isNext ? presentation.index + 1 : decision.expectation.after.current;
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
export const describe = (presentation: Presentation): string => {
  const { actor, grant, node, decision } = presentation;
  const what =
    presentation.kind === 'code' ? `the code of ${grant.name}` : `${grant.name}.${presentation.index}`;
  return `${actor} with ${what} at ${node.name}${decision === undefined ? '' : ` (decision ${decision.order})`}`;
};
