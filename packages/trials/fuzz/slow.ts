import { createPrng } from '../support/prng.ts';
import { converse } from './conversation.ts';
import { fuzzRequest, keptRequest } from './request.ts';
import type { FuzzRequest } from './request.ts';
import type { Sending } from './sending.ts';

/** How long the server waits for a whole request, at most. */
export const ONE_SECOND = { KEYFOB_REQUEST_TIMEOUT_SECONDS: '1', KEYFOB_HEADERS_TIMEOUT_SECONDS: '1' };

const TRICKLE_MS = 50;
/** Bytes that are held back at first: trickling them takes far longer than the server waits. */
const HELD_BACK_BYTES = 80;
/** A server that takes longer to cut a connection off does not do so because of its limit of a second. */
const LATE_MS = 12_000;

/** Where each kind of sluggard slows down. */
const PLACES = [
  'from the start',
  'in the headers',
  'in the body',
  'in a chunk',
  'behind an answer',
  'silent',
] as const;

/** Sends requests byte after byte, all of them at once, until the server ends each with 408. */
export const sendSlow = async (sending: Sending): Promise<void> => {
  const { seed, from, count } = sending;
  const prng = createPrng(seed);
  const sluggards = Array.from({ length: count }, (_, index) => {
    const place = PLACES[(from + index) % PLACES.length] ?? 'silent';
    return { place, dialect: prng.pick(['smartcar', 'pleos']), chance: prng.real() };
  });
  await Promise.all(sluggards.map(async (sluggard) => trickle(sending, sluggard)));
};

type Sluggard = {
  readonly place: (typeof PLACES)[number];
  readonly dialect: 'smartcar' | 'pleos';
  readonly chance: number;
};

const trickle = async (sending: Sending, sluggard: Sluggard): Promise<void> => {
  const { session, target } = sending;
  const conversation = converse(target.url);
  const { quick, slow, before } = drawBytes(sending, sluggard);
  conversation.write(quick);
  const began = performance.now();
  let at = 0;
  const timer = setInterval(() => {
    if (at < slow.length && conversation.isOpen()) conversation.write(slow.subarray(at, ++at));
  }, TRICKLE_MS);
  const answers = await conversation.untilEnded();
  clearInterval(timer);
  const bytes = Buffer.concat([quick, slow]);
  const expects = [...before, '408'];
  const requests = expects.map((): FuzzRequest => ({
    ...fuzzRequest(`slow ${sluggard.place}`, {}, { framing: 'loose' }),
    bytes,
  }));
  session.judge({ target, mode: 'slow', requests, answers, conversation, owed: true });
  if (conversation.fault() !== undefined) return;
  const statuses = answers.map(({ status }) => String(status));
  const took = performance.now() - began;
  if (statuses.join(' ') !== expects.join(' '))
    session.find({ mode: 'slow', what: `slow ${sluggard.place}: answered ${statuses.join(' ')}`, requests });
  if (took > LATE_MS)
    session.find({ mode: 'slow', what: `slow ${sluggard.place}: cut off after ${took} ms`, requests });
};

/** What is written at once, what is trickled, and the statuses of what is answered before. */
const drawBytes = (
  { target }: Sending,
  { place, dialect, chance }: Sluggard,
): { readonly quick: Buffer; readonly slow: Buffer; readonly before: readonly string[] } => {
  const { own, stranger } = target.cast[dialect];
  const dead = keptRequest(dialect, own, stranger.refreshToken);
  const { bytes } = fuzzRequest('', dead, {});
  const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
  const cut = (length: number, before: readonly string[] = []) => ({
    quick: bytes.subarray(0, length),
    slow: bytes.subarray(length),
    before,
  });
  switch (place) {
    case 'from the start':
      return cut(0);
    case 'silent':
      return { quick: Buffer.alloc(0), slow: Buffer.alloc(0), before: [] };
    case 'in the headers':
      return cut(Math.floor(chance * (bodyAt - HELD_BACK_BYTES)));
    case 'in the body':
      return cut(Math.min(bodyAt + Math.floor(chance * 20), bytes.length - HELD_BACK_BYTES / 2));
    case 'in a chunk': {
      const chunked = {
        ...dead,
        headers: { ...dead.headers, 'Transfer-Encoding': 'chunked' },
        body: '80\r\n',
      };
      return { quick: fuzzRequest('', chunked, {}).bytes, slow: Buffer.alloc(0x7f, 'x'), before: [] };
    }
    case 'behind an answer': {
      const { quick, slow } = cut(bodyAt);
      return { quick: Buffer.concat([bytes, quick]), slow, before: ['400'] };
    }
  }
};
