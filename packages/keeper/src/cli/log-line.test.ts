import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeLogLine } from './log-line.ts';

const at = '2026-01-02T03:04:05.006Z';

test('a line for people has the time, the event, and each detail that is known', () => {
  const record = {
    at,
    event: 'refresh.ended',
    grantId: 'g1',
    client: 'sc',
    status: 200,
    requestId: undefined,
  };
  assert.equal(
    writeLogLine(record, { hasColour: false }),
    `${at}  refresh.ended       grantId g1  client sc  status 200`,
  );
});

test('what needs somebody has another colour than the daily work', () => {
  const [bad = '', usual = ''] = ['grant.died', 'refresh.ended'].map((event) =>
    writeLogLine({ at, event }, { hasColour: true }),
  );
  assert.deepEqual([bad.includes('\u001b[33m'), usual.includes('\u001b[36m')], [true, true]);
});

test('text of a provider cannot steer the terminal or begin another line', () => {
  const line = writeLogLine(
    { at, event: 'refresh.ended', code: '\u001b[2J\nfaked\u202e' },
    { hasColour: false },
  );
  assert.equal(line, `${at}  refresh.ended       code ?[2J faked?`);
});
