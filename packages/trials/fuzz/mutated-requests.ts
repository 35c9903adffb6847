import fc from 'fast-check';
import { carriesGenuine, fuzzRequest, keptRequest } from './request.ts';
import type { FuzzRequest, Identities } from './request.ts';
import { hostileHeader, hostileJson, hostileText, hugeText, nearMiss, nearMissToken } from './values.ts';
import type { RequestParts } from '../support/raw-request.ts';
import type { DialectName } from '../support/dialect-name.ts';

const HEADERS = [
  'Authorization',
  'Content-Type',
  'User-Agent',
  'Host',
  'Brand',
  'Idempotency-Key',
  'Accept',
  'Cookie',
  'Content-Encoding',
  'X-Forwarded-For',
  'X-HTTP-Method-Override',
  'Date',
  'If-Match',
  'Range',
  'Connection',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Upgrade',
  'Trailer',
  'TE',
  'Keep-Alive',
] as const;
/** The headers that decide where a request ends, or whether the connection stays open. */
const FRAMING_HEADERS = new Set([
  'Connection',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Upgrade',
  'Keep-Alive',
]);
const MEMBERS: Readonly<Record<DialectName, readonly string[]>> = {
  smartcar: [
    'grant_type',
    'refresh_token',
    'client_id',
    'client_secret',
    'code',
    'redirect_uri',
    'scope',
    '__proto__',
  ],
  pleos: ['clientId', 'clientSecret', 'refreshToken', 'code', 'redirectUrl', 'brand', '__proto__', 'data'],
};
const TARGETS = [
  '/oauth/token',
  '/v1/auth/token-refresh',
  '/v1/auth/token',
  '/',
  '*',
  '/v1/',
  '//',
  '/oauth/token/',
];
const VERSIONS = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/1.9', 'HTTP/2.0', 'http/1.1', 'HTTP/', ''];
const LINE_METHODS = ['GET', 'CONNECT', 'TRACE', 'post', 'PRI', 'M-SEARCH', '', 'POST POST', 'X'.repeat(40)];

/** Any HTTP parser accepts this as one header, within its size limit. */
const PLAIN_HEADER = /^[\t\x20-\x7e\x80-\xff]{0,4000}$/;
const PLAIN_BODY_BYTES = 12_000;

type Member = readonly [name: string, value: string];
type Draft = {
  parts: RequestParts;
  members: Member[];
  hasUnclearEnd: boolean;
  dialect: DialectName | undefined;
};
type Mutation = (draft: Draft) => void;

const setHeader =
  (name: string, value: string | readonly string[] | undefined): Mutation =>
  (draft) => {
    draft.parts = { ...draft.parts, headers: { ...draft.parts.headers, [name]: value } };
    const isPlain = [value ?? []].flat().every((one) => PLAIN_HEADER.test(one));
    draft.hasUnclearEnd ||= FRAMING_HEADERS.has(name) || !isPlain;
  };

const headerMutation = (identities: Identities): fc.Arbitrary<Mutation> => {
  const { clientId, clientSecret } = identities.smartcar.own;
  const basic = nearMiss(`${clientId}:${clientSecret}`).map(
    (pair) => `Basic ${Buffer.from(pair.toWellFormed()).toString('base64')}`,
  );
  const value = fc.oneof(
    { weight: 8, arbitrary: hostileHeader },
    { weight: 2, arbitrary: basic },
    hugeText.map((text) => text.slice(0, 20_000)),
  );
  const values = fc.oneof(
    { weight: 6, arbitrary: value },
    fc.constant(undefined),
    fc.array(value, { minLength: 2, maxLength: 4 }),
  );
  return fc.tuple(fc.constantFrom(...HEADERS), values).map(([name, text]) => setHeader(name, text));
};

const lineMutation: fc.Arbitrary<Mutation> = fc
  .oneof(
    fc.constantFrom(...TARGETS).map((target): RequestParts => ({ target })),
    hostileHeader.map((path): RequestParts => ({ target: `/${path}` })),
    fc.constantFrom(...VERSIONS).map((version): RequestParts => ({ version })),
    fc.constantFrom(...LINE_METHODS).map((method): RequestParts => ({ method })),
  )
  .map((changes) => (draft) => {
    draft.parts = { ...draft.parts, ...changes };
    draft.hasUnclearEnd = true;
    draft.dialect = undefined;
  });

/** Removes a member, replaces its value, or adds a duplicate before or after it. */
const memberMutation = (names: readonly string[], value: fc.Arbitrary<string>): fc.Arbitrary<Mutation> =>
  fc
    .tuple(fc.constantFrom(...names), value, fc.constantFrom('remove', 'replace', 'add before', 'add after'))
    .map(([name, text, how]) => (draft) => {
      if (how === 'remove' || how === 'replace')
        draft.members = draft.members.filter(([other]) => other !== name);
      if (how === 'add before') draft.members.unshift([name, text]);
      else if (how !== 'remove') draft.members.push([name, text]);
    });

const encodeForm = (text: string): string => encodeURIComponent(text.toWellFormed());

/** For each dialect: how to read and write the members of a body, and hostile texts for a value. */
const BODIES = {
  smartcar: {
    read: (body: string): Member[] => body.split('&').map((pair) => pair.split('=', 2) as [string, string]),
    write: (members: readonly Member[]) => members.map(([name, value]) => `${name}=${value}`).join('&'),
    value: fc.oneof(hostileText.map(encodeForm), hostileText, hugeText.map(encodeForm)),
  },
  pleos: {
    read: (body: string): Member[] =>
      Object.entries(JSON.parse(body) as Record<string, string>).map(([name, text]) => [
        name,
        JSON.stringify(text),
      ]),
    write: (members: readonly Member[]) =>
      `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
    value: fc.oneof(
      { weight: 9, arbitrary: hostileJson },
      hugeText.map((text) => JSON.stringify(text)),
    ),
  },
} as const;

/** The mutations of the body as a whole. */
const bodyMutation: fc.Arbitrary<(body: Buffer) => Buffer> = fc.oneof(
  { weight: 8, arbitrary: fc.constant((body: Buffer) => body) },
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((share) => (body: Buffer) => body.subarray(0, share * body.length)),
  fc.uint8Array({ maxLength: 30 }).map((junk) => (body: Buffer) => Buffer.concat([junk, body])),
  fc.uint8Array({ maxLength: 30 }).map((junk) => (body: Buffer) => Buffer.concat([body, junk])),
  fc.constant((body: Buffer) => Buffer.from(body.toString(), 'utf16le')),
);

/**
 * A request with an almost correct token or secret, in which headers, members and parts of the first line are replaced by
 * hostile text, removed or repeated. It must be refused; which refusal it gets is unknown.
 */
export const mutatedRequest = (identities: Identities, dialect: DialectName): fc.Arbitrary<FuzzRequest> => {
  const { own } = identities[dialect];
  const { read, write, value } = BODIES[dialect];
  const base = fc.oneof(
    nearMissToken(dialect, own.refreshToken).map((token) => keptRequest(dialect, own, token)),
    nearMiss(own.clientSecret).map((clientSecret) =>
      keptRequest(dialect, { ...own, clientSecret }, own.refreshToken),
    ),
  );
  const mutation = fc.oneof(
    { weight: 4, arbitrary: headerMutation(identities) },
    { weight: 5, arbitrary: memberMutation(MEMBERS[dialect], value) },
    lineMutation,
  );
  return fc
    .tuple(base, fc.array(mutation, { minLength: 1, maxLength: 3 }), bodyMutation)
    .map(([parts, mutations, change]) => {
      const draft: Draft = { parts, members: read(String(parts.body)), hasUnclearEnd: false, dialect };
      for (const mutate of mutations) mutate(draft);
      const body = change(Buffer.from(write(draft.members)));
      const framing = draft.hasUnclearEnd ? 'unclear' : body.length > PLAIN_BODY_BYTES ? 'last' : 'kept';
      return fuzzRequest('mutated', { ...draft.parts, body }, { framing, dialect: draft.dialect });
    })
    .filter((request) => !carriesGenuine(request, own));
};
