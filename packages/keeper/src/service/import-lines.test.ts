import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createImportRoute } from './routes/import-route.ts';

const ROWS = 10_000;
const UNREAD_MAX_BYTES = 1_000_000;

it('an import whose results nobody reads ends at a limit of their size, and says where to go on', async () => {
  const context = { isStopping: () => false, keeper: { putMany: async () => [] } };
  const name = 'n'.repeat(200);
  const body = `{"name":"${name}"}\n`.repeat(ROWS);
  const request = new Request('http://localhost/v1/import', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body,
  });
  const route = createImportRoute(UNREAD_MAX_BYTES);
  const call = {
    context,
    key: { namePrefix: undefined, scopes: [] },
    request,
    name: '',
    query: {},
    body: {},
  };
  const response = (await route.handle(call as never)) as Response;
  // Everything that can be read of the request is read before anybody looks at the answer.
  for (let turns = 0; turns < 500; turns++) await new Promise((resolve) => void setImmediate(resolve));
  const lines = (await response.text()).trim().split('\n');
  const last = JSON.parse(lines.at(-1) ?? '') as { ended: string; rows: number };
  assert.equal(last.ended, 'results_unread');
  assert.ok(last.rows < ROWS);
  const before = JSON.parse(lines.at(-2) ?? '') as { line: number };
  assert.equal(before.line, last.rows);
});
