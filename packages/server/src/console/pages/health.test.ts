import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../connect/pages/html.ts';
import { EVENTS_LOOKED_AT } from '../../operations/read-client-health.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { TEXTS } from '../texts/texts.ts';
import { renderHealth } from './health.ts';
import type { Health } from './health.ts';

const HEALTH: Health = {
  grants: 0,
  hasMoreGrants: false,
  lookedAt: 0,
  states: { active: 0, in_doubt: 0, expired: 0, revoked: 0 },
  expiringSoon: 0,
  troubles: [],
  isTroublesPartial: true,
};

for (const language of ['en', 'ko'] as const)
  void test(`a partial list of troubles says how many events were looked at (${language})`, () => {
    const visit = { texts: TEXTS[language] } as unknown as ConsoleVisit;
    const { text } = html`${renderHealth(visit, 'client-a', HEALTH)}`;
    const hint = /<p class="hint">(?<sentence>[^<]*)<\/p>/.exec(text)?.groups?.['sentence'] ?? '';
    assert.deepEqual(/\d+/.exec(hint)?.[0], String(EVENTS_LOOKED_AT));
  });
