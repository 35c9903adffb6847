import { DIALECTS } from '@keyfob/server/dialects';
import { checkCodeAnswer } from './code-ledger.ts';
import type { CodeNode, CodeRecord, CodeUseRecord, CodeWords, CodeWorld } from './code-world.ts';
import type { Heard } from './network.ts';
import { readAnswer, writeExchange, writeRefresh } from '../support/token-requests.ts';

const MINUTE_MS = 60_000;
const TIMEOUT_MS = 20_000;
const SILENCE: Heard = { kind: 'silence' };

/** What somebody sends, and to which node where it is not left to chance. */
type Wish = {
  readonly actor: string;
  readonly isHonest: boolean;
  readonly words?: Partial<CodeWords>;
  readonly node?: CodeNode | undefined;
};

/** Sends a code over the simulated network, and waits for what a client would wait for. */
const presentCode = async (world: CodeWorld, code: CodeRecord, wish: Wish): Promise<Heard> => {
  const { prng, schedule, nodes } = world;
  const { owner, text, redirectUri, verifier, brand } = code;
  const own = {
    client: owner,
    secret: owner.secret,
    code: text,
    redirectUri,
    verifier,
    brand,
    key: undefined,
  };
  const use: CodeUseRecord = {
    actor: wish.actor,
    isHonest: wish.isHonest,
    code,
    words: { ...own, ...wish.words },
    node: wish.node ?? prng.pick(nodes),
    incarnation: -1,
    arrivedAtMs: undefined,
    decision: undefined,
    storeFailure: undefined,
    answer: undefined,
    answeredAtMs: undefined,
  };
  const heard = await Promise.race([exchange(world, use), schedule.sleep(TIMEOUT_MS).then(() => SILENCE)]);
  world.trace(() => `${use.actor} sent ${code.name} to ${use.node.name}, hears ${heard.kind}`);
  return heard;
};

const latency = ({ prng, has }: CodeWorld): number =>
  has('slow-network') && prng.chance(0.1) ? prng.between(1000, 40_000) : prng.between(5, 150);

const exchange = async (world: CodeWorld, use: CodeUseRecord): Promise<Heard> => {
  const { prng, schedule } = world;
  const { node, code, words } = use;
  await schedule.sleep(latency(world));
  if (world.has('lost-requests') && prng.chance(0.1)) return schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  Object.assign(use, { arrivedAtMs: schedule.nowMs(), incarnation: node.incarnation });
  code.uses.push(use);
  for (const tell of world.waiting.splice(0)) tell();
  const caller = { address: use.actor, userAgent: 'trial/1' };
  world.byCaller.set(caller, use);
  const failuresBefore = node.storeFailures;
  const { dialect } = words.client;
  const request = writeExchange[dialect]({
    clientId: words.client.id,
    clientSecret: words.secret,
    code: words.code,
    redirectUri: words.redirectUri,
    codeVerifier: words.verifier,
    brand: words.brand ?? 'genesis',
    idempotencyKey: words.key,
  });
  const response = await Promise.race([node.endpoints.respond(request, caller), node.death.promise]);
  if (response === undefined) return schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  use.answer = readAnswer[dialect](response);
  use.answeredAtMs = schedule.nowMs();
  checkCodeAnswer(world, use, failuresBefore);
  await schedule.sleep(latency(world));
  if (world.has('lost-answers') && prng.chance(0.2)) return schedule.sleep(TIMEOUT_MS).then(() => SILENCE);
  return use.answer;
};

/**
 * Lives the life of an honest client with one code: exchanges it, tries again where it hears nothing or a 503, saves
 * what it is given, refreshes a little, and now and then finds the page with the code open again.
 */
export const redeemHonestly = async (world: CodeWorld, code: CodeRecord): Promise<void> => {
  const { prng, schedule, nodes } = world;
  const { owner } = code;
  const words = { key: owner.hasKeys ? prng.bytes(12).toString('hex') : undefined };
  const node = prng.chance(0.5) ? prng.pick(nodes) : undefined;
  const wish: Wish = { actor: owner.id, isHonest: true, words, node };
  await schedule.sleep(prng.chance(0.9) ? prng.between(200, MINUTE_MS) : prng.between(8, 11) * MINUTE_MS);
  await tryAgainAndAgain(world, code, wish);
  if (code.saved !== undefined && prng.chance(0.7)) await refreshOnce(world, code);
  if (!world.has('old-pages') || !prng.chance(0.5)) return;
  await schedule.sleep(prng.pick([MINUTE_MS, 9 * MINUTE_MS, 15 * MINUTE_MS]) * prng.real());
  world.trace(() => `${owner.id} has the page of ${code.name} open again`);
  await presentCode(world, code, wish);
};

const tryAgainAndAgain = async (world: CodeWorld, code: CodeRecord, wish: Wish): Promise<void> => {
  const { prng, schedule } = world;
  const hasKey = wish.words?.key !== undefined;
  for (let attempt = 1; attempt <= 8; attempt++) {
    const heard = await sendOnceOrTwice(world, code, wish);
    if (heard.kind === 'granted') {
      if (!world.has('client-crashes') || !prng.chance(0.2)) {
        code.saved = heard.refreshToken;
        return;
      }
      world.trace(() => `${code.owner.id} crashes before it saves what ${code.name} gave`);
      if (!hasKey && prng.chance(0.7)) return;
    } else if (heard.kind === 'unauthenticated') await schedule.sleep(MINUTE_MS);
    else if (heard.kind === 'dead' || heard.kind === 'broken') return;
    // Without a key, a client that heard nothing cannot know whether it has used the code up; some try all the same.
    else if (heard.kind === 'silence' && !hasKey && prng.chance(0.6)) return;
    await schedule.sleep(prng.between(500, 2000 * attempt));
  }
};

const sendOnceOrTwice = async (world: CodeWorld, code: CodeRecord, wish: Wish): Promise<Heard> => {
  const { prng, schedule } = world;
  const first = presentCode(world, code, wish);
  if (!world.has('double-sends') || !prng.chance(0.2)) return first;
  const twin = schedule.sleep(prng.pick([0, 10, 3000])).then(() => presentCode(world, code, wish));
  const heard = await Promise.race([first, twin]);
  return heard.kind === 'granted' ? heard : twin.then((later) => (later.kind === 'granted' ? later : first));
};

const refreshOnce = async (world: CodeWorld, code: CodeRecord): Promise<void> => {
  const { prng, schedule, nodes } = world;
  const { owner, brand = 'genesis', saved: refreshToken = '' } = code;
  await schedule.sleep(prng.between(1000, 5 * MINUTE_MS));
  const words = { clientId: owner.id, clientSecret: owner.secret, refreshToken, brand };
  const request = writeRefresh[owner.dialect]({ ...words, idempotencyKey: undefined });
  const caller = { address: owner.id, userAgent: 'trial/1' };
  const node = prng.pick(nodes);
  const response = await Promise.race([node.endpoints.respond(request, caller), node.death.promise]);
  if (response === undefined) return;
  const answer = readAnswer[owner.dialect](response);
  world.trace(() => `${owner.id} refreshes what ${code.name} gave, hears ${answer.kind}`);
  if (answer.kind === 'granted') code.saved = answer.refreshToken;
};

/** Has copied a code with all that goes with it, and uses it, before or after its client. */
export const stealCode = async (world: CodeWorld, code: CodeRecord): Promise<void> => {
  const { prng, schedule } = world;
  for (let left = prng.between(1, 3); left > 0; left--) {
    await schedule.sleep(prng.pick([1000, MINUTE_MS, 12 * MINUTE_MS]) * prng.real());
    const words = { key: prng.chance(0.5) ? prng.bytes(12).toString('hex') : undefined };
    await presentCode(world, code, { actor: `thief of ${code.name}`, isHonest: false, words });
  }
};

/** Has copied a code, but lacks something that goes with it. */
export const stealCodeAlone = async (world: CodeWorld, code: CodeRecord): Promise<void> => {
  const { prng, schedule, clients } = world;
  const { owner, redirectUri, verifier } = code;
  const other = clients.find((client) => client !== owner && client.dialect === owner.dialect) ?? owner;
  const brand = DIALECTS.pleos.brands.find((one) => one !== code.brand);
  const lacks: Partial<CodeWords>[] = [
    { redirectUri: `${redirectUri}/` },
    { redirectUri: 'https://thief.example/' },
    ...(other === owner ? [] : [{ client: other, secret: other.secret }]),
    ...(owner.dialect === 'pleos'
      ? [{ brand }]
      : [{ verifier: verifier === undefined ? 'x'.repeat(43) : undefined }]),
    ...(verifier === undefined ? [] : [{ verifier: verifier.toLowerCase() }]),
    ...(owner.secret === undefined ? [] : [{ secret: 'guessed' }]),
  ];
  for (let left = prng.between(1, 4); left > 0; left--) {
    await schedule.sleep(prng.pick([1000, MINUTE_MS, 12 * MINUTE_MS]) * prng.real());
    const words = prng.pick(lacks);
    await presentCode(world, code, { actor: `stranger to ${code.name}`, isHonest: false, words });
  }
};
