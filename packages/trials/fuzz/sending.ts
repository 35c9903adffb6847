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
import type { FuzzRequest, Identities } from './request.ts';
import type { Mode, Session } from './session.ts';
import { requestWithWrongCredentials } from './wrong-credentials.ts';
import type { FuzzTarget } from './target.ts';

/** One round of one mode. `from` is the number of earlier requests of the mode. The same seed sends the same requests. */
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
/** On an idle machine, long enough for the server to read the first write. */
const BETWEEN_WRITES_MS = 1;

const structuredRequest = (identities: Identities): fc.Arbitrary<FuzzRequest> =>
  fc.oneof(
    ...(['smartcar', 'pleos'] as const).flatMap((dialect) => [
      { weight: 2, arbitrary: requestWithWrongCredentials(identities, dialect) },
      { weight: 3, arbitrary: refusedRequest(identities, dialect) },
      { weight: 5, arbitrary: mutatedRequest(identities, dialect) },
    ]),
  );

const sample = ({ target, count, seed }: Sending): readonly FuzzRequest[] =>
  fc.sample(structuredRequest(target.identities), { seed, numRuns: count });

/** Sends all items on several connections in parallel. */
const sendAll = async <Item>(
  { session, target }: Sending,
  items: readonly Item[],
  send: (item: Item, slot: { conversation: Conversation | undefined }) => Promise<void>,
): Promise<void> => {
  const rest = items.values();
  const work = async (): Promise<void> => {
    const slot = { conversation: undefined as Conversation | undefined };
    for (const item of rest) {
      if (session.isOver() || !target.isAlive()) break;
      await send(item, slot);
    }
    slot.conversation?.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
};

const batches = async (sending: Sending, send: (batch: Sending) => Promise<void>): Promise<void> => {
  for (let sent = 0; sent < sending.count && !sending.session.isOver(); sent += BATCH) {
    const count = Math.min(BATCH, sending.count - sent);
    await send({ ...sending, count, seed: sending.seed + sent });
  }
};

const sendSeparately = async (
  { session, target }: Sending,
  mode: Mode,
  request: FuzzRequest,
): Promise<void> => {
  const conversation = converse(target.url);
  conversation.write(request.bytes);
  const answers = await conversation.finish();
  session.judge({ target, mode, requests: [request], answers, conversation, isAnswerRequired: false });
};

/** Sends requests one after another on a few persistent connections, each after the answer to the previous one. */
export const sendStructured = async (sending: Sending): Promise<void> =>
  batches(sending, async (batch) => {
    const { session, target } = batch;
    await sendAll(batch, sample(batch), async (request, slot) => {
      if (request.framing === 'unclear') return sendSeparately(batch, 'structured', request);
      if (slot.conversation?.isOpen() !== true) slot.conversation = converse(target.url);
      const { conversation } = slot;
      conversation.write(request.bytes);
      const answers = await conversation.answers([request.isHead]);
      session.judge({
        target,
        mode: 'structured',
        requests: [request],
        answers,
        conversation,
        isAnswerRequired: true,
      });
      if (request.framing === 'kept' && conversation.isOpen()) return;
      conversation.close();
      slot.conversation = undefined;
    });
  });

const GARBAGE: FuzzRequest = {
  ...fuzzRequest('garbage after requests', {}, { framing: 'last', expects: '400 invalid_request' }),
  bytes: Buffer.from('this is not HTTP\r\n\r\n'),
};

/** Groups of random size. Some end with garbage, which also gets an answer, or with a request that ends the connection. */
const groupRequests = (requests: readonly FuzzRequest[], prng: Prng): readonly (readonly FuzzRequest[])[] => {
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

/** Sends many requests in one write. The answers must have the same number and order. */
export const sendPipelined = async (sending: Sending): Promise<void> => {
  const { session, target } = sending;
  const prng = createPrng(sending.seed);
  const goal = session.done + sending.count;
  for (let round = 0; session.done < goal && !session.isOver() && target.isAlive(); round++) {
    const count = Math.min(BATCH, 2 * (goal - session.done) + 50);
    const requests = sample({ ...sending, count, seed: sending.seed + round * BATCH });
    await sendAll(sending, groupRequests(requests, prng), async (group, slot) => {
      if (session.done >= goal) return;
      if (slot.conversation?.isOpen() !== true) slot.conversation = converse(target.url);
      const { conversation } = slot;
      conversation.write(Buffer.concat(group.map(({ bytes }) => bytes)));
      const answers = await conversation.answers(group.map(({ isHead }) => isHead));
      session.judge({
        target,
        mode: 'pipelined',
        requests: group,
        answers,
        conversation,
        isAnswerRequired: true,
      });
      if (group.at(-1)?.framing === 'kept' && conversation.isOpen()) return;
      conversation.close();
      slot.conversation = undefined;
    });
  }
};

/** Sends any bytes, each on a separate connection, at once or in small segments. Ends or resets the connection. */
export const sendRawBytes = async (sending: Sending): Promise<void> => {
  const { session, target } = sending;
  const prng = createPrng(sending.seed);
  const requests = Array.from({ length: sending.count }, () => ({
    request: rawRequest(prng, target.identities),
    segments: prng.chance(0.2) ? prng.between(2, 30) : 1,
    isReset: prng.chance(0.05),
  }));
  await sendAll(sending, requests, async ({ request, segments, isReset }) => {
    if (segments === 1 && !isReset) return sendSeparately(sending, 'raw', request);
    const conversation = converse(target.url);
    const size = Math.ceil(request.bytes.length / segments);
    for (let at = 0; at < request.bytes.length; at += size) {
      conversation.write(request.bytes.subarray(at, at + size));
      await setImmediate();
    }
    if (isReset) conversation.reset();
    const answers = isReset ? [] : await conversation.finish();
    session.judge({
      target,
      mode: 'raw',
      requests: [request],
      answers,
      conversation,
      isAnswerRequired: false,
    });
  });
};

/** Sends valid requests with an invalid token in two writes. Each request is split one byte later than the previous one. */
export const sendSplit = async (sending: Sending): Promise<void> => {
  const { session, target, count, from } = sending;
  const requests = (['smartcar', 'pleos'] as const).map((dialect) => {
    const { own, stranger } = target.identities[dialect];
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
  await sendAll(sending, wanted, async (item, slot) => {
    if (item === undefined) return;
    const { request, place } = item;
    if (slot.conversation?.isOpen() !== true) slot.conversation = converse(target.url);
    const { conversation } = slot;
    conversation.write(request.bytes.subarray(0, place));
    await setTimeout(BETWEEN_WRITES_MS);
    conversation.write(request.bytes.subarray(place));
    const answers = await conversation.answers([request.isHead]);
    session.judge({
      target,
      mode: 'split',
      requests: [request],
      answers,
      conversation,
      isAnswerRequired: true,
    });
  });
};
