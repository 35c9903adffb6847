import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from './grade.ts';
import type { GradedScenario, Scorecard } from './grade.ts';
import { renderJunit } from './junit.ts';
import { renderScorecard } from './scorecard.ts';

const ESCAPE = '\x1b';

const scenario = (name: string, more: Partial<GradedScenario> = {}): GradedScenario => ({
  name,
  title: `what happens in ${name}, in a sentence that is long enough to be wrapped somewhere`,
  outcome: 'kept',
  because: 'it kept the grant',
  advice: undefined,
  findings: [],
  needlessRefreshes: 0,
  story: [
    { atMs: 0, kind: 'call', text: 'call 1: a token that works', times: 1 },
    {
      atMs: 5_097_600_000,
      kind: 'request',
      text: 'g1/0 was exchanged for g1/1, and nothing of the answer arrived',
      times: 3,
    },
  ],
  lastLines: [],
  seconds: 1.5,
  ...more,
});

const LOST = scenario('lost-answer-after', {
  outcome: 'lost_avoidably',
  because: 'an answer was lost & "not" repeated <in time>',
  advice: 'Send the same refresh token again at once.',
  findings: [{ kind: 'hammered', need: 1, advice: 'Slow down.' }],
  lastLines: ['Error: socket hang up\u0000'],
});

const card = (scenarios: readonly GradedScenario[], more: Partial<Scorecard> = {}): Scorecard => ({
  dialect: 'smartcar',
  command: ['node', 'refresh.js'],
  isRealTime: false,
  neverWorked: undefined,
  scenarios,
  skipped: [],
  totals: {
    scenarios: scenarios.length,
    outcomes: { kept: 1, lost_avoidably: scenarios.length - 1, lost_unavoidably: 0 },
    findings: {
      asked_needlessly: 0,
      reused_old_token: 0,
      hammered: scenarios.length - 1,
      unusable_token: 0,
      never_asked: 0,
      hung: 0,
      leaked_secret: 0,
    },
    failed: scenarios.length - 1,
    flawless: 1,
  },
  ...more,
});

const NEVER = card([LOST], {
  neverWorked: { says: 'No request came to the sandbox.', remedy: 'Add --real-time.' },
});

test('a scorecard is 80 columns wide, and has colours only if asked', () => {
  const text = renderScorecard(card([scenario('plain'), LOST]), false);
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  assert.ok(!text.includes(ESCAPE));
  assert.ok(renderScorecard(card([LOST]), true).includes(`${ESCAPE}[31m`));
});

test('a scorecard has the outcome, the advice with its scenarios, the journal and the last lines', () => {
  const text = renderScorecard(card([scenario('plain'), LOST]), false);
  assert.match(text, /plain {21}kept/);
  assert.match(text, /lost-answer-after {9}LOST, avoidably; hammered the server/);
  assert.match(text, /Send the same refresh token again at once\.\n {2}\(lost-answer-after\)/);
  assert.match(text, /59d 00:00:00 {2}request {2}g1\/0 was exchanged[^]*\(3 times\)/);
  assert.match(text, /\| Error: socket hang up/);
  assert.match(
    text,
    /1 kept, 1 lost avoidably, 0 lost unavoidably; hammered the server 1\n1 of 2 scenarios failed\./,
  );
});

test('a full score says so', () => {
  assert.match(renderScorecard(card([scenario('plain')]), false), /Full score\.$/);
});

test('the reason why a command never worked comes first', () => {
  const [, , first, second, third] = renderScorecard(NEVER, false).split('\n');
  assert.match(`${first}`, /could not be graded/);
  assert.equal(second, 'No request came to the sandbox.');
  assert.equal(third, 'Add --real-time.');
});

test('exit codes: 3 for a command that never worked, 1 for an avoidable loss, and with --strict for any fault', () => {
  assert.equal(exitCodeOf(NEVER, false), 3);
  assert.equal(exitCodeOf(card([scenario('plain'), LOST]), false), 1);
  assert.equal(exitCodeOf(card([scenario('plain')]), true), 0);
  const { totals } = card([scenario('plain')]);
  const flawed = { neverWorked: undefined, totals: { ...totals, scenarios: 2 } };
  assert.equal(exitCodeOf(flawed, false), 0);
  assert.equal(exitCodeOf(flawed, true), 1);
});

test('JUnit: a failure per failed scenario, and every character is legal XML', () => {
  const xml = renderJunit(
    card([scenario('plain'), LOST], { skipped: [{ name: 'clock', because: 'no' }] }),
    false,
  );
  assert.match(xml, /<testsuite name="keyfob-sandbox grade smartcar" tests="3" failures="1" skipped="1"/);
  assert.match(
    xml,
    /<failure message="an answer was lost &amp; &quot;not&quot; repeated &lt;in time&gt; Send the same/,
  );
  assert.ok(!xml.includes('\u0000'));
  assert.equal(xml.match(/<testcase/g)?.length, 3);
});
