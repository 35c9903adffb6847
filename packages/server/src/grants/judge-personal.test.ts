import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../clients/policy.ts';
import type { Now } from '../clock.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { Grant } from './grant.ts';
import { mayIssuePersonal, personalGrantOf } from './judge-personal.ts';
import { GRANT, HOUR_MS, POLICY, ROTATED_AT_MS } from './judge.cases.ts';

const PERSONAL: Policy = { ...POLICY, personalGrant: writeGrantId(GRANT.id) };
const END_MS = ROTATED_AT_MS + HOUR_MS;

type Case = {
  readonly grant?: Partial<Grant>;
  readonly clientId?: string;
  readonly brand?: string;
  readonly policy?: Partial<Policy>;
  readonly now?: Now;
};
const at = (nowMs: number): Now => ({ nowMs, doubt: undefined });

const CASES: readonly (readonly [what: string, given: Case, expected: boolean])[] = [
  ['the grant that the registration names', {}, true],
  ['the same for a brand, which it is not bound to', { brand: 'kia' }, true],
  ['a grant that is bound to the brand', { grant: { brand: 'kia' }, brand: 'kia' }, true],
  ['a grant that is bound to another brand', { grant: { brand: 'kia' }, brand: 'hyundai' }, false],
  ['a grant that is bound to a brand, where there is none', { grant: { brand: 'kia' } }, false],
  ['the grant of another client', { clientId: 'client-b' }, false],
  ['another grant of the client', { grant: { id: 43n } }, false],
  ['a client whose registration names none', { policy: { personalGrant: '' } }, false],
  ['a revoked grant', { grant: { revocation: { atMs: ROTATED_AT_MS, cause: 'owner' } } }, false],
  ['a grant at the end of its refresh token', { now: at(END_MS - 1) }, true],
  ['a grant whose refresh token has ended', { now: at(END_MS) }, false],
  ['a grant that has ended', { policy: { grantLifetimeSeconds: 86_400 } }, false],
  [
    'a grant that has ended by a clock in doubt',
    { now: { nowMs: END_MS, doubt: { beforeMs: END_MS, byMs: HOUR_MS } } },
    true,
  ],
];

for (const [what, { grant, clientId = GRANT.clientId, brand, policy, now }, expected] of CASES)
  test(`${what} gets ${expected ? 'a' : 'no'} personal token`, () => {
    const request = { clientId, brand };
    const given = [{ ...GRANT, ...grant }, request, { ...PERSONAL, ...policy }] as const;
    assert.equal(mayIssuePersonal(...given, now ?? at(ROTATED_AT_MS)), expected);
  });

test('a policy names a grant by its id, or none', () => {
  assert.equal(personalGrantOf(PERSONAL), GRANT.id);
  for (const personalGrant of [undefined, '', 'x'])
    assert.equal(personalGrantOf({ ...POLICY, personalGrant }), undefined);
});
