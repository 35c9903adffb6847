import type { WireRequest } from '@keyfob/server/wire';
import { readAnswer, writeExchange, writeRefresh } from '../support/token-requests.ts';
import type { Answer } from '../support/token-requests.ts';
import { checkAnswer, describe } from './ledger.ts';
import { BRANDS } from './plan.ts';
import type {
  CodeFields,
  CodePresentation,
  CodeRecord,
  GrantRecord,
  Node,
  Presentation,
  RefreshPresentation,
} from './records.ts';
import type { World } from './world.ts';

/** The sender of a request, and its target. */
type Sender = {
  readonly actor: string;
  readonly isHonest: boolean;
  readonly grant: GrantRecord;
  readonly key?: string | undefined;
  /** A random node if it is `undefined`. */
  readonly node?: Node | undefined;
};

/** The answer that a client receives before its timeout, or silence. */
export type Received = Answer | { readonly kind: 'silence' };

const SILENCE: Received = { kind: 'silence' };
const TIMEOUT_MS = 20_000;

/** How often the network loses something. Codes are presented only a few times, so their losses are more frequent. */
const LOSS_RATES = { refresh: { request: 0.08, answer: 0.12 }, code: { request: 0.1, answer: 0.2 } };

/** Sends a refresh over the simulated network. Waits as long as a client would. */
export const presentToken = (
  world: World,
  {
    token,
    foreign,
    ...sender
  }: Sender & { readonly token: string; readonly foreign?: RefreshPresentation['foreign'] },
): Promise<Received> => {
  const index = sender.grant.indexOf.get(token) ?? -1;
  return present(world, { kind: 'refresh', ...newlySent(world, sender), token, index, foreign });
};

/** Sends a code with its correct fields. `fields` replaces some of them. */
export const presentCode = (
  world: World,
  { code, fields, ...sender }: Sender & { readonly code: CodeRecord; readonly fields?: Partial<CodeFields> },
): Promise<Received> => {
  const { owner, plan } = sender.grant;
  const { redirectUri, verifier } = code;
  const own = { client: owner, secret: owner.secret, redirectUri, verifier, brand: plan.brand };
  return present(world, { kind: 'code', ...newlySent(world, sender), code, fields: { ...own, ...fields } });
};

const newlySent = ({ prng, nodes }: World, { actor, isHonest, grant, key, node }: Sender) => ({
  actor,
  isHonest,
  grant,
  key,
  node: node ?? prng.pick(nodes),
  incarnation: -1,
  arrivedAtMs: undefined,
  decision: undefined,
  storeFailure: undefined,
  answer: undefined,
  answeredAtMs: undefined,
});

const present = async (world: World, presentation: Presentation): Promise<Received> => {
  const { schedule } = world;
  const timeout = schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  const received = await Promise.race([exchange(world, presentation), timeout]);
  world.trace(() => {
    const { name, indexOf } = presentation.grant;
    const got = received.kind === 'granted' ? ` ${name}.${indexOf.get(received.refreshToken)}` : '';
    return `${describe(presentation)} receives ${received.kind}${got}`;
  });
  return received;
};

const exchange = async (world: World, presentation: Presentation): Promise<Received> => {
  const { prng, schedule } = world;
  const { kind, node, grant } = presentation;
  const silence = (): Promise<Received> => schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  await schedule.sleep(latency(world));
  if (world.has('lost-requests') && prng.chance(LOSS_RATES[kind].request)) return silence();
  presentation.arrivedAtMs = schedule.nowMs();
  presentation.incarnation = node.incarnation;
  world.presentations.push(presentation);
  grant.presentations.push(presentation);
  for (const notify of grant.owner.onRequest.splice(0)) notify();
  await respond(world, presentation);
  if (presentation.answer === undefined) return silence();
  await schedule.sleep(latency(world));
  if (world.has('lost-answers') && prng.chance(LOSS_RATES[kind].answer)) return silence();
  return presentation.answer;
};

/** Sends the request to the node. There is no answer if the node dies meanwhile. */
const respond = async (world: World, presentation: Presentation): Promise<void> => {
  const { grant, node, actor, isHonest } = presentation;
  const { dialect } = grant.owner.plan;
  const caller = { address: actor, userAgent: isHonest ? 'honest/1' : 'curl/8' };
  world.byCaller.set(caller, presentation);
  const failuresBefore = node.storeFailures;
  const { revokedSinceMs } = grant;
  const request = presentation.kind === 'code' ? writeCode(presentation) : writeToken(world, presentation);
  const response = await Promise.race([node.endpoints.respond(request, caller), node.death.promise]);
  if (response === undefined) return;
  const answer = readAnswer[dialect](response);
  presentation.answer = answer;
  presentation.answeredAtMs = world.schedule.nowMs();
  if (answer.kind === 'granted') world.secrets.add(answer.accessToken).add(answer.refreshToken);
  checkAnswer(world, presentation, failuresBefore);
  if (answer.kind !== 'granted') return;
  // No token of the grant works once the operator has confirmation of the revocation (RFC 7009 §2.1).
  if (revokedSinceMs !== undefined && grant.revokedSinceMs === revokedSinceMs)
    world.violate('revoked', `${describe(presentation)} got tokens after the operator revoked the grant`);
  const next = presentation.kind === 'code' ? 0 : presentation.index + 1;
  if (!grant.indexOf.has(answer.refreshToken)) grant.indexOf.set(answer.refreshToken, next);
};

const writeToken = (world: World, { grant, token, key, foreign }: RefreshPresentation): WireRequest => {
  const { dialect } = grant.owner.plan;
  const sender = foreign === 'client' ? world.outsiders[dialect] : grant.owner;
  const otherBrand = BRANDS.find((brand) => brand !== grant.plan.brand) ?? 'kia';
  return writeRefresh[dialect]({
    clientId: sender.client.id,
    clientSecret: sender.secret,
    refreshToken: token,
    brand: foreign === 'brand' ? otherBrand : (grant.plan.brand ?? 'genesis'),
    idempotencyKey: key,
  });
};

const writeCode = ({ code, fields, key }: CodePresentation): WireRequest =>
  writeExchange[fields.client.plan.dialect]({
    clientId: fields.client.client.id,
    clientSecret: fields.secret,
    code: code.text,
    redirectUri: fields.redirectUri,
    codeVerifier: fields.verifier,
    brand: fields.brand ?? 'genesis',
    idempotencyKey: key,
  });

const latency = ({ prng, has }: World): number =>
  has('slow-network') && prng.chance(0.1) ? prng.between(1000, 40_000) : prng.between(5, 150);
