import { fuzzRequest, keptRequest } from './request.ts';
import type { FuzzRequest, Identities } from './request.ts';
import { reversed } from './values.ts';
import { writeChunks, writeRequest } from '../support/raw-request.ts';
import type { Prng } from '../support/prng.ts';

/** Text with a special meaning for a parser of HTTP, forms or JSON. */
const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '%',
  '%00',
  '&',
  '=',
  '"',
  '{',
  '}',
  '\\u0000',
  '\xff',
  '\xc3',

  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Connection: close\r\n',

  'Connection: upgrade\r\nUpgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'Host: x\r\n',
  'Brand: kia\r\n',
  ' folded\r\n',

  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
  ';a=b',
  'GET / HTTP/1.1\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
] as const;

const CHUNK_JUNK = [
  '0',
  '0\r\n',
  '0\r\n\r\n',
  '-1\r\n',
  'zz\r\n',
  '5\r\nabcde\r\n',
  '5\r\nabc\r\n',
  'fffffffff\r\n',
  '10000000000000000\r\n',

  '5;a="b\r\n',
  '5 ;a=b\r\nabcde\r\n',
  '0x5\r\nabcde\r\n',
  '\r\n',
  '0\r\nX: y\r\n\r\n',
  '0\r\nX\r\n',
  '1\n',
  '\0',
  '5\r\n',
] as const;

type Mutate = (prng: Prng, bytes: Buffer) => Buffer;

const splice = (bytes: Buffer, at: number, removed: number, inserted: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
const indexIn = (prng: Prng, bytes: Buffer): number => prng.between(0, Math.max(bytes.length - 1, 0));

/** The mutations of a request's bytes. */
const MUTATIONS: readonly Mutate[] = [
  (prng, bytes) => {
    const flipped = Buffer.from(bytes);
    const at = indexIn(prng, bytes);
    if (bytes.length > 0) flipped.writeUInt8(bytes.readUInt8(at) ^ (1 << prng.between(0, 7)), at);
    return flipped;
  },
  (prng, bytes) => splice(bytes, indexIn(prng, bytes), 1, prng.bytes(1)),
  (prng, bytes) => splice(bytes, indexIn(prng, bytes), 0, prng.bytes(prng.between(1, 12))),
  (prng, bytes) => splice(bytes, indexIn(prng, bytes), prng.between(1, 40), Buffer.alloc(0)),
  (prng, bytes) =>
    splice(bytes, indexIn(prng, bytes), prng.between(0, 4), Buffer.from(prng.pick(PIECES), 'latin1')),
  (prng, bytes) => {
    const from = indexIn(prng, bytes);
    const slice = bytes.subarray(from, from + prng.between(1, 200));
    return splice(bytes, indexIn(prng, bytes), 0, slice);
  },
  (prng, bytes) => bytes.subarray(0, indexIn(prng, bytes)),
  (prng, bytes) => bytes.subarray(indexIn(prng, bytes)),
];

/** A valid request, except for its token. The token differs so much from the genuine one that no mutation repairs it. */
const badTokenBytes = (prng: Prng, identities: Identities, isChunked: boolean): Buffer => {
  const dialect = prng.pick(['smartcar', 'pleos']);
  const { own } = identities[dialect];
  const parts = keptRequest(dialect, own, reversed(own.refreshToken));
  if (!isChunked) return writeRequest(parts);
  const body = prng.chance(0.5)
    ? writeChunks(String(parts.body), prng.between(1, 50))
    : Array.from({ length: prng.between(1, 8) }, () => prng.pick(CHUNK_JUNK)).join('');
  return writeRequest({ ...parts, headers: { ...parts.headers, 'Transfer-Encoding': 'chunked' }, body });
};

const mutateBytes = (prng: Prng, bytes: Buffer): Buffer => {
  let mutated = bytes;
  for (let times = prng.between(1, 6); times > 0; times--) mutated = prng.pick(MUTATIONS)(prng, mutated);
  return mutated;
};

const joinPieces = (prng: Prng): Buffer =>
  Buffer.from(Array.from({ length: prng.between(1, 60) }, () => prng.pick(PIECES)).join(''), 'latin1');

/** The kinds of raw bytes, each with a description. Duplicates make a kind more frequent. */
const KINDS: readonly (readonly [what: string, make: (prng: Prng, identities: Identities) => Buffer])[] = [
  ['random bytes', (prng) => prng.bytes(prng.between(1, 600))],
  ['pieces of HTTP', joinPieces],
  [
    'a request with mutated bytes',
    (prng, identities) => mutateBytes(prng, badTokenBytes(prng, identities, false)),
  ],
  [
    'a request with mutated bytes',
    (prng, identities) => mutateBytes(prng, badTokenBytes(prng, identities, false)),
  ],
  [
    'a request with mutated bytes',
    (prng, identities) => mutateBytes(prng, badTokenBytes(prng, identities, false)),
  ],
  ['chunks', (prng, identities) => badTokenBytes(prng, identities, true)],
  [
    'chunks with mutated bytes',
    (prng, identities) => mutateBytes(prng, badTokenBytes(prng, identities, true)),
  ],
  [
    'random bytes after a request',
    (prng, identities) => Buffer.concat([badTokenBytes(prng, identities, false), prng.bytes(40)]),
  ],
];

/** Bytes for a separate connection: anything from noise to a request with one wrong bit. Never with a genuine token. */
export const rawRequest = (prng: Prng, identities: Identities): FuzzRequest => {
  const [what, make] = prng.pick(KINDS);
  return { ...fuzzRequest(what, {}, { framing: 'unclear' }), bytes: make(prng, identities) };
};
