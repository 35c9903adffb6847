import type { Now } from '@keyfob/server/grants';
import type { Answer } from '../support/token-requests.ts';
import { expectCode } from './code-expectation.ts';
import type { Decision, Presentation } from './records.ts';
import { expectRefresh } from './refresh-expectation.ts';
import { isRetryOfOurs } from './retry.ts';
import type { Expectation, Outcome } from './standing.ts';
import type { World } from './world.ts';

/**
 * Runs the store's decision about a presentation. Records the outcome that the documents require, does the work, and
 * then compares whether the grant exists and is revoked, as an operator sees it, with the expectation.
 *
 * Claims: a code creates its grant once, and no other request creates a grant (RFC 6749 §4.1.2). A replay under the
 * policy `revoke` revokes the grant at once (RFC 9700 §4.14.2), and so does a second use of a code. Nothing else revokes
 * it: not a race of a client with itself, not a retry, not a token from the wrong client.
 */
export const decide = async <Result>(
  world: World,
  presentation: Presentation,
  now: Now,
  work: () => Result | Promise<Result>,
): Promise<Result> => {
  const { grant } = presentation;
  const isClientEnabled = !senderOf(presentation, world).isDisabled;
  const expectation = expect(world, presentation, now, isClientEnabled);
  const order = world.decisions++;
  presentation.decision = {
    order,
    clockMs: now.nowMs,
    trueMs: world.schedule.nowMs(),
    epoch: grant.epoch,
    isClientEnabled,
    expectation,
  };
  const before = grant.standing;
  grant.standing = expectation.after;
  if (presentation.kind === 'code' && expectation.outcomes[0] === 'first')
    presentation.code.first = presentation;
  const result = await work();
  const after = await world.store.peek(grant.id);
  const violate = (checker: string, what: string): void =>
    world.violate(checker, `${describe(presentation)} ${what}, expected because ${expectation.because}`);
  const exists = after !== undefined;
  const mayBeDead = expectation.outcomes.length > 1 && expectation.outcomes.includes('dead');
  if (exists !== grant.standing.exists && !mayBeDead)
    violate(
      'existence',
      exists ? 'created a grant' : before.exists ? 'removed the grant' : 'created no grant',
    );
  const isRevoked = after?.revocation !== undefined;
  const mustBe = expectation.outcomes[0] === 'first' ? false : before.isRevoked || expectation.revokes;
  if (exists && grant.standing.exists && mustBe !== 'maybe' && isRevoked !== mustBe)
    violate('revocation', isRevoked ? 'revoked the grant' : 'did not revoke the grant');
  grant.standing = exists
    ? { ...grant.standing, isRevoked }
    : { ...grant.standing, exists, isRevoked: false };
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
  { nowMs: clockMs, doubt }: Now,
  isClientEnabled: boolean,
): Expectation => {
  const { grant } = presentation;
  const isRetry = isRetryOfOurs(presentation);
  if (presentation.kind === 'code')
    return expectCode(grant.standing, presentation, { nowMs: world.schedule.nowMs(), clockMs }, isRetry);
  const { index, key, foreign } = presentation;
  return expectRefresh(
    grant.standing,
    { index, clockMs, doubt, key, isClientEnabled, isForeign: foreign !== undefined, isRetryOfOurs: isRetry },
    grant.owner.plan.policy,
  );
};

/**
 * Checks the answer of a node. Claims: the documents allow the answer for the store's decision. Its refresh token is the
 * expected one, and never a second string for the same place in the chain, so two different successors of one token
 * never both work. A store failure gives a 503, and a 503 always comes from a store failure. No answer judges a token or
 * a code before the store has decided, except that a public client must send a verifier (RFC 9700 §2.1.1).
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
      violate('outage', 'got a 503 although the store answered');
    return;
  }
  if (storeFailure !== undefined) return violate('outage', `got ${answer.kind} although the store failed`);
  if (decision === undefined) {
    if (!isRefusedEarly(world, presentation, answer))
      violate('outage', `got ${answer.kind} although the store did not decide`);
    return;
  }
  const { outcomes, because } = decision.expectation;
  const outcome = outcomeOf(presentation, answer, outcomes);
  if (!outcomes.includes(outcome))
    return violate(
      'verdict',
      `got ${outcome} instead of ${outcomes.join(' or ')}, expected because ${because}`,
    );
  if (answer.kind === 'granted')
    noteToken(presentation, decision, { token: answer.refreshToken, outcome }, violate);
};

/** Whether the endpoint may refuse this without a decision of the store about the token or the code. */
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
  // `noteToken` identifies the token by its string. An unexpected success gets the name of its probable outcome.
  const wasKnown = presentation.kind === 'code' || presentation.index >= 0;
  return (
    expected.find((one) => one === 'first' || one === 'successor' || one === 'current') ??
    (wasKnown ? 'current' : 'dead')
  );
};

/** Records which refresh token of the grant a string is, and compares it with earlier strings. */
const noteToken = (
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
    return violate('chain', `got token ${known} of the grant instead of token ${place}`);
  grant.indexOf.set(token, place);
  if (decision.epoch !== grant.epoch) return;
  const before = grant.stringOf.get(place);
  if (before !== undefined && before !== token)
    return violate('chain', `got a second string for token ${place} of the grant`);
  grant.stringOf.set(place, token);
};

/** Describes a presentation in words. */
export const describe = (presentation: Presentation): string => {
  const { actor, grant, node, decision } = presentation;
  const what =
    presentation.kind === 'code' ? `the code of ${grant.name}` : `${grant.name}.${presentation.index}`;
  return `${actor} with ${what} at ${node.name}${decision === undefined ? '' : ` (decision ${decision.order})`}`;
};
