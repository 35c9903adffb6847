import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../connect/pages/html.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { TEXTS } from '../texts/texts.ts';
import { clientsPage } from './clients-page.ts';

const visit = { texts: TEXTS.en, session: { operator: { role: 'admin' } } } as unknown as ConsoleVisit;

for (const [next, text, isLater, shown, link] of [
  [null, '', false, 'There is no client yet', undefined],
  [null, 'planner', false, 'Nothing was found.', undefined],
  [
    '7-a',
    'planner',
    false,
    'Nothing was found among 10000 clients. There are more.',
    '?text=planner&amp;after=7-a',
  ],
  [null, 'planner', true, 'Nothing was found.', undefined],
] as const)
  void test(`an empty page of ${text === '' ? 'all clients' : 'a search'} with next ${next}: ${shown}`, () => {
    const { content } = clientsPage(visit, { clients: [], next, text, isLater });
    const page = html`${content}`.text;
    assert.ok(page.includes(shown), page);
    const more = /href="\/console\/clients(?<query>[^"]*)" rel="next"/.exec(page)?.groups?.['query'];
    assert.equal(more, link);
  });
