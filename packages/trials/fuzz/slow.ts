import { createPrng } from '../support/prng.ts';
import { converse } from './conversation.ts';
import { fuzzRequest, keptRequest } from './request.ts';
import type { FuzzRequest } from './request.ts';
import type { Sending } from './sending.ts';

/** Sets the server's timeouts for a complete request and for its headers to one second. */
export const SHORT_TIMEOUTS = { KEYFOB_REQUEST_TIMEOUT_SECONDS: '1', KEYFOB_HEADERS_TIMEOUT_SECONDS: '1' };

const TRICKLE_MS = 50;
/** The bytes that are sent slowly. Sending them takes far longer than the server waits. */
const HELD_BACK_BYTES = 80;
/** A server that closes a connection later than this does not do so because of its timeout of one second. */
const LATE_MS = 12_000;

/** Where a slow client slows down. */
const PLACES = [
  'from the start',
  'in the headers',
  'in the body',
  'in a chunk',
  'after an answer',
  'silent',
] as const;

/** Sends slow requests byte by byte, all in parallel, until the server ends each with 408. */
export const sendSlow = async (sending: Sending): Promise<void> => {
  const { seed, from, count } = sending;
  const prng = createPrng(seed);
  const slowClients = Array.from({ length: count }, (_, index) => {
    const place = PLACES[(from + index) % PLACES.length] ?? 'silent';
    return { place, dialect: prng.pick(['smartcar', 'pleos']), chance: prng.real() };
  });
  await Promise.all(slowClients.map(async (slowClient) => trickle(sending, slowClient)));
};

type SlowClient = {
  readonly place: (typeof PLACES)[number];
  readonly dialect: 'smartcar' | 'pleos';
  readonly chance: number;
};

const trickle = async (sending: Sending, slowClient: SlowClient): Promise<void> => {
  const { session, target } = sending;
  const conversation = converse(target.url);
  const { quick, slow, before } = drawBytes(sending, slowClient);
  conversation.write(quick);
  const startedAtMs = performance.now();
  let at = 0;
  const timer = setInterval(() => {
    if (at < slow.length && conversation.isOpen()) conversation.write(slow.subarray(at, ++at));
  }, TRICKLE_MS);
  const answers = await conversation.untilEnded();
  clearInterval(timer);
  const bytes = Buffer.concat([quick, slow]);
  const expects = [...before, '408'];
  const requests = expects.map((): FuzzRequest => ({
    ...fuzzRequest(`slow ${slowClient.place}`, {}, { framing: 'unclear' }),
    bytes,
  }));
  session.judge({ target, mode: 'slow', requests, answers, conversation, isAnswerRequired: true });
  if (conversation.fault() !== undefined) return;
  const statuses = answers.map(({ status }) => String(status));
  const tookMs = performance.now() - startedAtMs;
  if (statuses.join(' ') !== expects.join(' '))
    session.find({
      mode: 'slow',
      what: `slow ${slowClient.place}: answered ${statuses.join(' ')}`,
      requests,
    });
  if (tookMs > LATE_MS)
    session.find({ mode: 'slow', what: `slow ${slowClient.place}: closed after ${tookMs} ms`, requests });
};

/** The bytes sent at once, the bytes sent slowly, and the statuses of earlier answers. */
const drawBytes = (
  { target }: Sending,
  { place, dialect, chance }: SlowClient,
): { readonly quick: Buffer; readonly slow: Buffer; readonly before: readonly string[] } => {
  const { own, stranger } = target.identities[dialect];
  const parts = keptRequest(dialect, own, stranger.refreshToken);
  const { bytes } = fuzzRequest('', parts, {});
  const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
  const splitAt = (length: number, before: readonly string[] = []) => ({
    quick: bytes.subarray(0, length),
    slow: bytes.subarray(length),
    before,
  });
  switch (place) {
    case 'from the start':
      return splitAt(0);
    case 'silent':
      return { quick: Buffer.alloc(0), slow: Buffer.alloc(0), before: [] };
    case 'in the headers':
      return splitAt(Math.floor(chance * (bodyAt - HELD_BACK_BYTES)));
    case 'in the body':
      return splitAt(Math.min(bodyAt + Math.floor(chance * 20), bytes.length - HELD_BACK_BYTES / 2));
    case 'in a chunk': {
      const chunked = {
        ...parts,
        headers: { ...parts.headers, 'Transfer-Encoding': 'chunked' },
        body: '80\r\n',
      };
      return { quick: fuzzRequest('', chunked, {}).bytes, slow: Buffer.alloc(0x7f, 'x'), before: [] };
    }
    case 'after an answer': {
      const { quick, slow } = splitAt(bodyAt);
      return { quick: Buffer.concat([bytes, quick]), slow, before: ['400'] };
    }
  }
};
