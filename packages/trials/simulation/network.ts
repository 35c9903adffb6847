import { DIALECTS } from '@keyfob/server/dialects';
import { checkAnswer, describe } from './ledger.ts';
import type { Node } from './node.ts';
import { readAnswer, writeRefresh } from '../support/token-requests.ts';
import type { Answer } from '../support/token-requests.ts';
import type { GrantRecord, Presentation, World } from './world.ts';

/** What somebody sends. */
export type Wish = {
  readonly actor: string;
  readonly isHonest: boolean;
  readonly grant: GrantRecord;
  readonly token: string;
  readonly key?: string | undefined;
  /** In what way the token is in foreign hands. */
  readonly foreign?: 'client' | 'brand' | undefined;
  /** Chosen by chance where it is not given. */
  readonly node?: Node | undefined;
};

/** What comes back, if anything does in time. */
export type Heard = Answer | { readonly kind: 'silence' };

const SILENCE: Heard = { kind: 'silence' };
const TIMEOUT_MS = 20_000;

/** Sends a refresh over the simulated network, and waits for what a client would wait for. */
export const present = async (world: World, wish: Wish): Promise<Heard> => {
  const { prng, schedule, nodes } = world;
  const { grant, token, actor, isHonest, key, foreign } = wish;
  const node = wish.node ?? prng.pick(nodes);
  const presentation: Presentation = {
    actor,
    isHonest,
    grant,
    token,
    index: grant.indexOf.get(token) ?? -1,
    key,
    foreign,
    sentAtMs: schedule.nowMs(),
    node,
    incarnation: -1,
    arrivedAtMs: undefined,
    decision: undefined,
    storeFailure: undefined,
    answer: undefined,
    answeredAtMs: undefined,
  };
  const heard = await Promise.race([
    exchange(world, presentation),
    schedule.sleep(TIMEOUT_MS).then(() => SILENCE),
  ]);
  world.trace(() => {
    const got = heard.kind === 'granted' ? `${grant.plan.name}.${grant.indexOf.get(heard.refreshToken)}` : '';
    return `${actor} sent ${grant.plan.name}.${presentation.index}, hears ${heard.kind} ${got}`;
  });
  return heard;
};

const exchange = async (world: World, sent: Presentation): Promise<Heard> => {
  const { prng, schedule } = world;
  await schedule.sleep(latency(world));
  if (world.has('lost-requests') && prng.chance(0.08)) return schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  const { node } = sent;
  const presentation = Object.assign(sent, { arrivedAtMs: schedule.nowMs(), incarnation: node.incarnation });
  world.presentations.push(presentation);
  sent.grant.presentations.push(presentation);
  for (const tell of sent.grant.owner.waiting.splice(0)) tell();
  const isReached = await beAnswered(world, presentation);
  if (!isReached || presentation.answer === undefined) return schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  await schedule.sleep(latency(world));
  if (world.has('lost-answers') && prng.chance(0.12)) return schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  return presentation.answer;
};

/** Hands the request to the node. `false` where the node died over it. */
const beAnswered = async (world: World, presentation: Presentation): Promise<boolean> => {
  const { grant, token, key, node, actor, foreign } = presentation;
  const { dialect } = grant.owner.plan;
  const sender = foreign === 'client' ? world.outsiders[dialect] : grant.owner;
  const otherBrand = DIALECTS.pleos.brands.find((brand) => brand !== grant.plan.brand) ?? 'kia';
  const request = writeRefresh[dialect]({
    clientId: sender.client.id,
    clientSecret: sender.secret,
    refreshToken: token,
    brand: foreign === 'brand' ? otherBrand : (grant.plan.brand ?? 'genesis'),
    idempotencyKey: key,
  });
  const caller = { address: actor, userAgent: presentation.isHonest ? 'honest/1' : 'curl/8' };
  world.byCaller.set(caller, presentation);
  const failuresBefore = node.storeFailures;
  const revokedSinceMs = grant.revokedSinceMs;
  const response = await Promise.race([node.endpoints.respond(request, caller), node.death.promise]);
  if (response === undefined) return false;
  presentation.answer = readAnswer[dialect](response);
  presentation.answeredAtMs = world.schedule.nowMs();
  if (presentation.answer.kind === 'granted')
    world.secrets.add(presentation.answer.accessToken).add(presentation.answer.refreshToken);
  checkAnswer(world, presentation, failuresBefore);
  // After a revocation nothing of the grant works (RFC 7009 §2.1, DESIGN §6), from the moment the operator was told.
  if (
    presentation.answer.kind === 'granted' &&
    revokedSinceMs !== undefined &&
    grant.revokedSinceMs === revokedSinceMs
  )
    world.violate(
      'revoked',
      `${describe(presentation)} got tokens after the operator was told of the revocation`,
    );
  if (presentation.answer.kind === 'granted' && !grant.indexOf.has(presentation.answer.refreshToken))
    grant.indexOf.set(presentation.answer.refreshToken, presentation.index + 1);
  return true;
};

const latency = ({ prng, has }: World): number =>
  has('slow-network') && prng.chance(0.1) ? prng.between(1000, 40_000) : prng.between(5, 150);
