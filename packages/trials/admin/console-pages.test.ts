import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONSOLE_ADDRESSES } from '@keyfob/server/operators';
import { CONSOLE_PAGES } from '../support/console-pages.ts';
import type { ConsoleIds } from '../support/console-pages.ts';

const GRANT = '5f0c6a9de01b77a2';
const IDS: ConsoleIds = {
  clientId: 'client-a',
  grants: { restored: GRANT, stolen: GRANT, fine: GRANT, insured: GRANT },
  delivery: { webhookId: 'hook', sequence: 1 },
};

const pathOf = (address: string): string => address.split('?')[0] ?? '';

test('Every page of the console is in the table that all checks of pages go through', () => {
  const paths = CONSOLE_PAGES.map(({ path }) => pathOf(path(IDS)));
  const forgotten = CONSOLE_ADDRESSES.filter((address) => !paths.some((path) => address.test(path)));
  assert.deepEqual(forgotten, []);
  const gone = paths.filter((path) => !CONSOLE_ADDRESSES.some((address) => address.test(path)));
  assert.deepEqual(gone, []);
  const names = CONSOLE_PAGES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
