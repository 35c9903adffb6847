import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../connect/pages/html.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { TEXTS_EN } from '../texts/en.ts';
import { TEXTS_KO } from '../texts/ko.ts';
import { clientPage } from './client-page.ts';

const CLIENT = {
  clientId: 'client-a',
  name: 'Charge planner',
  type: 'public',
  redirectUris: [],
  policy: {},
  jwks: null,
  jwksUri: null,
  disabledAt: null,
  waitsForApproval: false,
  createdAt: '2026-11-12T09:00:00Z',
} as unknown as Parameters<typeof clientPage>[1];
const HEALTH = {
  grants: 10_000,
  lookedAt: 200,
  states: { active: 200, in_doubt: 0, expired: 0, revoked: 0 },
  expiringSoon: 0,
  troubles: [],
  isTroublesPartial: false,
};

const pageWith = (texts: ConsoleVisit['texts'], hasMoreGrants: boolean): string => {
  const session = { operator: { role: 'viewer' }, secret: '' };
  const visit = { texts, session, may: () => false, nowMs: 0 } as unknown as ConsoleVisit;
  return html`${clientPage(visit, CLIENT, { uses: [], health: { ...HEALTH, hasMoreGrants } }).content}`.text;
};

test('The page of a client with more grants than are counted says so, above and beside its sample.', () => {
  for (const [texts, more, all] of [
    [TEXTS_EN, 'more than 10000 connections', '>10000 connections'],
    [TEXTS_KO, '연결 10000개 초과', '연결 10000개<'],
  ] as const) {
    assert.equal(pageWith(texts, true).split(more).length, 3);
    assert.ok(!pageWith(texts, false).includes(more));
    assert.ok(pageWith(texts, false).includes(all));
  }
});
