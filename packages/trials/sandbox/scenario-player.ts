import assert from 'node:assert/strict';
import { advanceClock, judgeHeld, startScenario } from '@keyfob/sandbox';
import type { StartedScenario, World } from '@keyfob/sandbox';
import type { RequestParts } from '../support/raw-request.ts';
import { pleosRefreshParts, smartcarRefresh } from './requests.ts';
import { bodyOf, watchRequest } from './watch.ts';
import type { Seen } from './watch.ts';

/** What a raw client does: it sends a token, or waits. */
export type Move =
  /** Its newest token. */
  | 'newest'
  /** The token that it sent last. */
  | 'again'
  /** The one that it began with. */
  | 'first'
  /** Its newest token; it leaves when the server is done and nothing has come. */
  | 'give up'
  /** Its newest token twice, on two connections: the second is sent when the first has arrived. */
  | 'race'
  /** Its newest token, and when that is stored the same again on another connection. The answer that comes first is noted first. */
  | 'overtake'
  /** From now on it knows the new secret. */
  | 'new secret'
  | { readonly waitSeconds: number };

/** Starts a scenario in a world, plays a raw client, and answers a line for each request. */
export const playScenario = async (
  world: World,
  name: string,
  dialect: string,
  moves: readonly Move[],
): Promise<{ readonly started: StartedScenario; readonly lines: readonly string[] }> => {
  const started = await startScenario(world, name, { dialect });
  const first = started.created[0]?.refreshToken ?? '';
  let secret = started.secretBefore ?? started.client.clientSecret;
  let [newest, last] = [first, first];
  const lines: string[] = [];

  const partsOf = (token: string): RequestParts =>
    dialect === 'pleos'
      ? pleosRefreshParts(world, token, { client: started.client.name, clientSecret: secret })
      : smartcarRefresh(world, token, started.client.name, secret);
  const note = async (seen: Seen, number: number): Promise<void> => {
    const received = await readReceived(world, seen);
    newest = received.refreshToken ?? newest;
    const said = await ended(world, number);
    lines.push(`${said}, at ${await generationOf(world, started.grant)} -> ${received.text}`);
  };
  const send = async (token: string, how: { readonly hangs?: boolean } = {}): Promise<void> => {
    last = token;
    const number = arrivals(world) + 1;
    await note(await watchRequest(world, partsOf(token), how), number);
  };
  /** The second is sent when the first has come to a stage. */
  const sendTwo = async (token: string, stage: 'arrived' | 'committed'): Promise<void> => {
    const number = arrivals(world) + 1;
    const answers: (readonly [Seen, number])[] = [];
    const watch = async (at: number): Promise<void> => {
      answers.push([await watchRequest(world, partsOf(token)), at]);
    };
    const one = watch(number);
    await world.journal.wait({ stage, waitMs: 5000 });
    await Promise.all([one, watch(number + 1)]);
    if (stage === 'arrived') answers.sort(([, left], [, right]) => left - right);
    for (const [seen, at] of answers) await note(seen, at);
  };

  for (const move of moves) {
    if (move === 'newest') await send(newest);
    else if (move === 'again') await send(last);
    else if (move === 'first') await send(first);
    else if (move === 'give up') await send(newest, { hangs: true });
    else if (move === 'race') await sendTwo(newest, 'arrived');
    else if (move === 'overtake') await sendTwo(newest, 'committed');
    else if (move === 'new secret') secret = started.client.clientSecret;
    else await advanceClock(world, { byMs: move.waitSeconds * 1000 });
  }
  return { started, lines };
};

const arrivals = (world: World): number => Math.max(0, ...numbersOf(world));
const numbersOf = (world: World): readonly number[] =>
  world.journal.read({}).requests.map(({ number }) => number);

/** What the store says, which the journal must agree with. */
const generationOf = async ({ grants, store }: World, name: string): Promise<number> => {
  const id = grants.find(name);
  const grant = id === undefined ? undefined : await store.current().readGrant(id);
  return grant?.generation ?? -1;
};

/** What the journal says of a request that is over: its token, its verdict, whether it was stored. */
const ended = async (world: World, number: number): Promise<string> => {
  for (let after = 0; ;) {
    const entry = world.journal.find(number);
    if (entry?.stage === 'ended') {
      const { token, verdict, because, isCommitted } = entry;
      const why = because === undefined ? '' : ` (${because})`;
      return `${token} ${verdict}${why}${isCommitted ? ' committed' : ''}`;
    }
    const { requests, next } = await world.journal.wait({ after, waitMs: 5000 });
    assert.ok(requests.length > 0, `request ${number} did not end`);
    after = next;
  }
};

type Members = Readonly<Record<string, unknown>>;

/** What reached the client, in words: tokens by their names. */
const readReceived = async (
  world: World,
  seen: Seen,
): Promise<{ readonly text: string; readonly refreshToken?: string }> => {
  const { text, end } = seen;
  if (text === '') return { text: end === 'open' ? 'nothing' : `nothing, ${end}` };
  const [head = ''] = text.split('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? '?';
  const more = HEADERS.flatMap((name) => {
    const value = new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
    return value === undefined ? [] : [` ${name} ${hidePort(value)}`];
  }).join('');
  const date = /^Date: (.*)$/im.exec(head)?.[1]?.trim() ?? '';
  const aheadSeconds = (Date.parse(date) - world.clock.now()) / 1000;
  const skew = aheadSeconds === 0 ? '' : ` Date ${aheadSeconds > 0 ? '+' : ''}${aheadSeconds}`;
  const body = bodyOf(seen);
  const members = readJson(body);
  if (members === undefined) {
    const kind = body === '' ? 'empty' : body.startsWith('{') ? 'half of it' : `page "${titleOf(body)}"`;
    return { text: `${status}${more} ${kind}` };
  }
  const { error } = members;
  if (error !== undefined) {
    const code =
      typeof error === 'string' ? error : String((error as Readonly<Record<string, string>>)['code']);
    return { text: `${status}${more} ${code}` };
  }
  const data = (members['data'] ?? members) as Members;
  const token = data['refresh_token'] ?? data['refreshToken'];
  const lifetimes = ['expires_in', 'refresh_token_expires_in']
    .flatMap((name) => (data[name] === undefined ? [] : [` ${name} ${JSON.stringify(data[name])}`]))
    .filter((shown) => shown !== ' expires_in 7200')
    .join('');
  if (typeof token !== 'string') {
    const hasAccess = 'access_token' in data || 'accessToken' in data;
    return { text: `${status}${more} ${hasAccess ? 'no refresh token' : 'other JSON'}${lifetimes}` };
  }
  const { grant, generation } = await judgeHeld(world, token);
  return { text: `${status}${more}${skew} ${grant}/${generation}${lifetimes}`, refreshToken: token };
};

const HEADERS = ['Retry-After', 'Location'];
const hidePort = (text: string): string => text.replace(/:\d+\//, ':PORT/').replace(/\/w\/[^/]+/, '/w/ID');
const titleOf = (html: string): string => /<title>(?:ERROR: )?([^<]{1,26})/i.exec(html)?.[1]?.trim() ?? '';

const readJson = (body: string): Members | undefined => {
  try {
    return JSON.parse(body) as Members;
  } catch {
    return undefined;
  }
};
