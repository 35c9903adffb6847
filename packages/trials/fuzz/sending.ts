import { setImmediate, setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { createPrng } from '../support/prng.ts';
import type { Prng } from '../support/prng.ts';
import { rawRequest } from './bytes.ts';
import { converse } from './conversation.ts';
import type { Conversation } from './conversation.ts';
import { mutatedRequest } from './mutated-requests.ts';
import { refusedRequest } from './refused-requests.ts';
import { fuzzRequest, keptRequest } from './request.ts';
import type { Cast, FuzzRequest } from './request.ts';
import type { Mode, Session } from './session.ts';
import { requestWithWrongCredentials } from './wrong-credentials.ts';
import type { FuzzTarget } from './target.ts';

/** One round of one mode. `from`: how many requests of the mode went before. The same seed sends the same. */
export type Sending = {
  readonly session: Session;
  readonly target: FuzzTarget;
  readonly count: number;
  readonly from: number;
  readonly seed: number;
};

const CONNECTIONS = 12;
const BATCH = 1000;
const PIPELINED_MAX = 40;
/** Long enough for the server to have read what was written before, on an idle machine. */
const BETWEEN_WRITES_MS = 1;

const structuredRequest = (cast: Cast): fc.Arbitrary<FuzzRequest> =>
  fc.oneof(
    ...(['smartcar', 'pleos'] as const).flatMap((dialect) => [
      { weight: 2, arbitrary: requestWithWrongCredentials(cast, dialect) },
      { weight: 3, arbitrary: refusedRequest(cast, dialect) },
      { weight: 5, arbitrary: mutatedRequest(cast, dialect) },
    ]),
  );

const sample = ({ target, count, seed }: Sending): readonly FuzzRequest[] =>
  fc.sample(structuredRequest(target.cast), { seed, numRuns: count });

/** Sends each item on one of some connections, all of them at once, until there are no more. */
const share = async <Item>(
  { session, target }: Sending,
  items: readonly Item[],
  send: (item: Item, line: { conversation: Conversation | undefined }) => Promise<void>,
): Promise<void> => {
  const rest = items.values();
  const work = async (): Promise<void> => {
    const line = { conversation: undefined as Conversation | undefined };
    for (const item of rest) {
      if (session.isOver() || !target.isAlive()) break;
      await send(item, line);
    }
    line.conversation?.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
};

const batches = async (sending: Sending, send: (batch: Sending) => Promise<void>): Promise<void> => {
  for (let sent = 0; sent < sending.count && !sending.session.isOver(); sent += BATCH) {
    const count = Math.min(BATCH, sending.count - sent);
    await send({ ...sending, count, seed: sending.seed + sent });
  }
};

const sendOnItsOwn = async (
  { session, target }: Sending,
  mode: Mode,
  request: FuzzRequest,
): Promise<void> => {
  const conversation = converse(target.url);
  conversation.write(request.bytes);
  const answers = await conversation.finish();
  session.judge({ target, mode, requests: [request], answers, conversation, owed: false });
};

/** Each request after the answer to the one before it, over a few connections that are kept. */
export const sendStructured = async (sending: Sending): Promise<void> =>
  batches(sending, async (batch) => {
    const { session, target } = batch;
    await share(batch, sample(batch), async (request, line) => {
      if (request.framing === 'loose') return sendOnItsOwn(batch, 'structured', request);
      if (line.conversation?.isOpen() !== true) line.conversation = converse(target.url);
      const { conversation } = line;
      conversation.write(request.bytes);
      const answers = await conversation.answers([request.isHead]);
      session.judge({ target, mode: 'structured', requests: [request], answers, conversation, owed: true });
      if (request.framing === 'kept' && conversation.isOpen()) return;
      conversation.close();
      line.conversation = undefined;
    });
  });

const GARBAGE: FuzzRequest = {
  ...fuzzRequest('garbage behind requests', {}, { framing: 'last', expects: '400 invalid_request' }),
  bytes: Buffer.from('this is no HTTP\r\n\r\n'),
};

/** Groups of random size; behind some of them garbage, that is answered too, or a request that ends the connection. */
const grouped = (requests: readonly FuzzRequest[], prng: Prng): readonly (readonly FuzzRequest[])[] => {
  const groups: FuzzRequest[][] = [];
  const lasts = requests.filter(({ framing }) => framing === 'last');
  let group: FuzzRequest[] = [];
  for (const request of requests.filter(({ framing }) => framing === 'kept')) {
    group.push(request);
    if (group.length < prng.between(1, PIPELINED_MAX)) continue;
    const last = prng.chance(0.2) ? GARBAGE : prng.chance(0.2) ? lasts.pop() : undefined;
    groups.push(last === undefined ? group : [...group, last]);
    group = [];
  }
  return group.length === 0 ? groups : [...groups, group];
};

/** Many requests in one write; as many answers, in their order. */
export const sendPipelined = async (sending: Sending): Promise<void> => {
  const { session, target } = sending;
  const prng = createPrng(sending.seed);
  const goal = session.done + sending.count;
  for (let round = 0; session.done < goal && !session.isOver() && target.isAlive(); round++) {
    const count = Math.min(BATCH, 2 * (goal - session.done) + 50);
    const requests = sample({ ...sending, count, seed: sending.seed + round * BATCH });
    await share(sending, grouped(requests, prng), async (group, line) => {
      if (session.done >= goal) return;
      if (line.conversation?.isOpen() !== true) line.conversation = converse(target.url);
      const { conversation } = line;
      conversation.write(Buffer.concat(group.map(({ bytes }) => bytes)));
      const answers = await conversation.answers(group.map(({ isHead }) => isHead));
      session.judge({ target, mode: 'pipelined', requests: group, answers, conversation, owed: true });
      if (group.at(-1)?.framing === 'kept' && conversation.isOpen()) return;
      conversation.close();
      line.conversation = undefined;
    });
  }
};

/** Any bytes, each on a connection of their own: at once or in small segments, ended or reset. */
export const sendRawBytes = async (sending: Sending): Promise<void> => {
  const { session, target } = sending;
  const prng = createPrng(sending.seed);
  const requests = Array.from({ length: sending.count }, () => ({
    request: rawRequest(prng, target.cast),
    segments: prng.chance(0.2) ? prng.between(2, 30) : 1,
    isReset: prng.chance(0.05),
  }));
  await share(sending, requests, async ({ request, segments, isReset }) => {
    if (segments === 1 && !isReset) return sendOnItsOwn(sending, 'raw', request);
    const conversation = converse(target.url);
    const size = Math.ceil(request.bytes.length / segments);
    for (let at = 0; at < request.bytes.length; at += size) {
      conversation.write(request.bytes.subarray(at, at + size));
      await setImmediate();
    }
    if (isReset) conversation.reset();
    const answers = isReset ? [] : await conversation.finish();
    session.judge({ target, mode: 'raw', requests: [request], answers, conversation, owed: false });
  });
};

/** Good requests with a dead token, cut in two writes, at the next place each time: every one is come to. */
export const sendSplit = async (sending: Sending): Promise<void> => {
  const { session, target, count, from } = sending;
  const requests = (['smartcar', 'pleos'] as const).map((dialect) => {
    const { own, stranger } = target.cast[dialect];
    const expects = dialect === 'smartcar' ? '400 invalid_grant' : '400 4002 refreshToken';
    const parts = keptRequest(dialect, own, stranger.refreshToken);
    return fuzzRequest('split in two', parts, { dialect, expects });
  });
  const places = requests.flatMap((request) =>
    Array.from({ length: request.bytes.length - 1 }, (_, index) => ({ request, place: index + 1 })),
  );
  const wanted = Array.from(
    { length: count },
    (_, index) => places[(from + index) % places.length] ?? places[0],
  );
  await share(sending, wanted, async (item, line) => {
    if (item === undefined) return;
    const { request, place } = item;
    if (line.conversation?.isOpen() !== true) line.conversation = converse(target.url);
    const { conversation } = line;
    conversation.write(request.bytes.subarray(0, place));
    await setTimeout(BETWEEN_WRITES_MS);
    conversation.write(request.bytes.subarray(place));
    const answers = await conversation.answers([request.isHead]);
    session.judge({ target, mode: 'split', requests: [request], answers, conversation, owed: true });
  });
};
