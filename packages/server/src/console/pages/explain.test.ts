import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { viewDetails } from '../../admin/api/views.ts';
import { REVOCATION_CAUSES } from '../../grants/grant.ts';
import { TEXTS_EN } from '../texts/en.ts';
import { TEXTS_KO } from '../texts/ko.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explain.ts';

type Grant = ReturnType<typeof viewDetails>;
type Client = Parameters<typeof explain>[1];
type Replay = NonNullable<Grant['replay']>;

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-12T09:00:00Z');
const daysFromNow = (days: number): string => new Date(NOW_MS + days * DAY_MS).toISOString();

const GRANT = {
  status: 'active',
  generation: 6,
  createdAt: daysFromNow(-40),
  rotatedAt: daysFromNow(-7),
  refreshTokenExpiresAt: daysFromNow(53),
  grantExpiresAt: null,
  revocationCause: null,
  replay: null,
  vehicleData: null,
  keyEnded: null,
} as unknown as Grant;

const secret = (expiresAt: string | null) => ({
  secretId: 'a',
  name: '',
  createdAt: daysFromNow(-40),
  expiresAt,
  lastUsedAt: null,
});
const CLIENT = {
  disabledAt: null,
  type: 'confidential',
  secrets: [secret(null)],
  jwks: null,
  jwksUri: null,
  policy: {},
} as unknown as Client;
const LOCKED_OUT: Client = { ...CLIENT, secrets: [secret(daysFromNow(-1))] };
const BY_KEYS: Client = { ...LOCKED_OUT, jwksUri: 'https://app.example/jwks.json' };
const BY_CERTIFICATE: Client = {
  ...LOCKED_OUT,
  policy: { ...CLIENT.policy, clientAuthentication: 'tls_client_auth' },
};
const DISABLED: Client = { ...CLIENT, disabledAt: daysFromNow(-1) };

const REPLAY: Replay = {
  at: daysFromNow(-4),
  times: 1,
  generation: 4,
  gap: 2,
  secondsSinceRotation: (3 * DAY_MS) / 1000,
  presentedBy: { address: '192.0.2.7', userAgent: 'planner/4' },
  rotatedBy: { address: '192.0.2.8', userAgent: 'planner/4' },
  looksLike: 'theft',
  response: 'revoke',
};
const byReplay = (replay: Partial<Replay> = {}): Partial<Grant> => ({
  status: 'revoked',
  revocationCause: 'replay',
  replay: { ...REPLAY, ...replay },
});
const by = (revocationCause: Grant['revocationCause']): Partial<Grant> => ({
  status: 'revoked',
  revocationCause,
});

const agreedUntil = (until: string, askedUntil: string | null): Partial<Grant> => ({
  status: 'expired',
  grantExpiresAt: until,
  vehicleData: {
    purpose: 'Price a policy',
    data: [{ name: 'mileage', scope: 'read_odometer', isAllowed: true }],
    until,
    askedUntil,
    askedVehicles: null,
    isNarrowed: until !== askedUntil,
  },
});

/** What a connection is like, and its explanation: kind, sentence, advice, and what else is known. */
type Row = readonly [
  name: string,
  { readonly grant?: Partial<Grant>; readonly client?: Client },
  Explanation['kind'],
  sentence: RegExp,
  advice: RegExp,
  detail?: RegExp,
];

const NONE = /^$/;
const WORKS = /^Works/;
const CONSENT = /^The owner has to give consent again\.$/;
const ASK = /^Ask the client/;
const LOST = { looksLike: 'lost_answer', generation: 5, gap: 1 } as const;
const REFUSED = { ...REPLAY, response: 'refuse', looksLike: 'lost_answer' } as const;
const SEEN_BEFORE = { ...REPLAY, at: daysFromNow(-8), response: 'observe' } as const;
const CURL = { address: '192.0.2.7', userAgent: 'curl' };
const IDLE = {
  status: 'expired',
  rotatedAt: daysFromNow(-61),
  refreshTokenExpiresAt: daysFromNow(-1),
} as const;

const ROWS: readonly Row[] = [
  ['was never refreshed', { grant: { rotatedAt: null } }, 'good', /The client has not refreshed/, NONE],
  ['works', {}, 'good', /^Works\. .* 7 days ago/, NONE],
  ['works, after an old token', { grant: { replay: SEEN_BEFORE } }, 'good', WORKS, NONE, /before that/],
  ['was put back', { grant: { replay: REPLAY } }, 'good', WORKS, NONE],
  [
    'works, and its client presents an old token',
    { grant: { replay: REFUSED } },
    'warn',
    /newest token works, but the older token 4 was presented 4 days ago and refused/,
    /go on with its newest token/,
    /lost answer/,
  ],
  ['is of a withdrawn key', { grant: { keyEnded: 'retired' } }, 'bad', /key that made/, CONSENT],
  ['is of a disabled client', { client: DISABLED }, 'bad', /client is disabled/, /Enable/],
  ['is of a client without a valid secret', { client: LOCKED_OUT }, 'bad', /no secret/, /Add a secret/],
  ['is of a client with keys', { client: BY_KEYS }, 'good', WORKS, NONE],
  ['is of a client with a certificate', { client: BY_CERTIFICATE }, 'good', WORKS, NONE],
  ['may have expired', { grant: { status: 'in_doubt' } }, 'warn', /may be ahead/, /Check the clocks/],
  ['was not refreshed in time', { grant: IDLE }, 'bad', /not refresh it for 60 days/, CONSENT],
  [
    'has reached the end of its lifetime',
    { grant: { status: 'expired', grantExpiresAt: daysFromNow(-1) } },
    'bad',
    /^Ended 2026-11-11 09:00 UTC: the policy of its client/,
    CONSENT,
  ],
  [
    'is for vehicle data and has reached the end that its client asked for',
    { grant: agreedUntil(daysFromNow(-1), daysFromNow(-1)) },
    'bad',
    /^Ended 2026-11-11 09:00 UTC: the client asked for access until then, and the owner agreed\.$/,
    CONSENT,
    /^It was for: Price a policy$/,
  ],
  [
    'is for vehicle data and has reached the end that its owner chose',
    { grant: agreedUntil(daysFromNow(-1), daysFromNow(30)) },
    'bad',
    /^Ended 2026-11-11 09:00 UTC: the owner chose this end\.$/,
    CONSENT,
    /^The client had asked for access until 2026-12-12 09:00 UTC\.$/,
  ],
  [
    'is for vehicle data without an end, until the one that its owner chose',
    { grant: agreedUntil(daysFromNow(-1), null) },
    'bad',
    /the owner chose this end/,
    CONSENT,
    /without an end/,
  ],
  [
    'is for vehicle data and ended earlier, by the policy',
    { grant: { ...agreedUntil(daysFromNow(20), daysFromNow(20)), grantExpiresAt: daysFromNow(-1) } },
    'bad',
    /the policy of its client/,
    CONSENT,
  ],
  [
    'was stopped by a replay of a program of the same name, elsewhere',
    { grant: byReplay() },
    'bad',
    /token 4 was presented 3 days after token 6 was made/,
    ASK,
    /^A program of the same name sent it from another address/,
  ],
  [
    'was stopped by a replay of another program',
    { grant: byReplay({ presentedBy: CURL }) },
    'bad',
    /^Stopped: refresh token 4/,
    ASK,
    /^Another program/,
  ],
  [
    'was stopped by a replay of an unknown program',
    { grant: byReplay({ rotatedBy: null }) },
    'bad',
    /^Stopped: refresh token 4/,
    ASK,
    /^It is not known which programs/,
  ],
  [
    'was stopped by what looks like a lost answer',
    { grant: byReplay(LOST) },
    'bad',
    /token 5 was presented 3 days after token 6/,
    /^Putting it back is safe/,
    /restored backup/,
  ],
  [
    'was stopped by a replay at an unknown moment',
    { grant: byReplay({ secondsSinceRotation: null }) },
    'bad',
    /token 4 was presented, although token 6 was newer/,
    ASK,
    /same name/,
  ],
  ['was stopped by a replay that is not stored', { grant: by('replay') }, 'bad', /Nothing more/, ASK],
  ['was stopped by its code', { grant: by('code_replay') }, 'bad', /code was presented twice/, ASK],
  ['was stopped by its client', { grant: by('client') }, 'bad', /revoked its own/, CONSENT],
  ['was stopped by its owner', { grant: by('owner') }, 'bad', /took the access back/, CONSENT],
  ['was stopped with its last vehicle', { grant: by('disconnected') }, 'bad', /last vehicle/, CONSENT],
  ['was stopped by an operator', { grant: by('operator') }, 'bad', /an operator/, /audit log/],
  [
    'was stopped, and has expired since',
    { grant: { ...byReplay(LOST), refreshTokenExpiresAt: daysFromNow(-1) } },
    'bad',
    /^Stopped: refresh token 5/,
    /would change nothing/,
    /restored backup/,
  ],
  [
    'was stopped, and its key was withdrawn since',
    { grant: { ...by('operator'), keyEnded: 'compromised' } },
    'bad',
    /by an operator/,
    /would change nothing/,
  ],
  [
    'was stopped, and its client is disabled',
    { grant: by('operator'), client: DISABLED },
    'bad',
    /by an operator/,
    /audit log/,
    /^Its client is disabled as well\.$/,
  ],
  [
    'was stopped, and its client has no valid secret',
    { grant: byReplay(), client: LOCKED_OUT },
    'bad',
    /^Stopped/,
    ASK,
    /same name .* No secret of its client/,
  ],
];

const isSaid = ({ detail, advice }: Explanation): readonly boolean[] => [detail !== '', advice !== ''];

describe('The sentence about a connection that', () => {
  for (const [name, about, kind, sentence, advice, detail = NONE] of ROWS)
    test(`${name} is true, with the next step`, () => {
      const [grant, client] = [{ ...GRANT, ...about.grant }, about.client ?? CLIENT];
      const found = explain(grant, client, TEXTS_EN, NOW_MS);
      assert.equal(found.kind, kind);
      assert.match(found.sentence, sentence);
      assert.match(found.detail, detail);
      assert.match(found.advice, advice);
      assert.equal(found.kind === 'good', found.advice === '', 'what does not work has a next step');
      const korean = explain(grant, client, TEXTS_KO, NOW_MS);
      assert.match(korean.sentence, /[가-힣]/);
      assert.doesNotMatch(`${found.sentence}${korean.sentence}`, /NaN|undefined|null/);
      assert.deepEqual(isSaid(korean), isSaid(found));
    });

  test('was revoked has a row for every cause', () => {
    const seen = new Set(ROWS.map(([, { grant }]) => grant?.revocationCause));
    assert.deepEqual(
      REVOCATION_CAUSES.filter((cause) => !seen.has(cause)),
      [],
    );
  });
});
