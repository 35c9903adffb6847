import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGone, NODE_GONE_MS } from '../../operators/running-node.ts';
import type { NodeDetails } from '../read-nodes.ts';
import { examineNodes } from './examine-nodes.ts';

const node = (more: Partial<NodeDetails> = {}): NodeDetails => ({
  id: '1',
  state: 'running',
  version: '1.2.0',
  host: 'fob-1',
  processId: 1,
  url: '',
  startedAtMs: 0,
  seenAtMs: 0,
  skewMs: 0,
  ...more,
});

for (const [name, nodes, verdict, found] of [
  ['none', [], 'ok', /^none running$/],
  ['two of one version', [node(), node({ host: 'fob-2' })], 'ok', /^2 running$/],
  [
    'an old version beside a new one',
    [node(), node({ host: 'fob-2', version: '1.1.0' })],
    'warn',
    /^2 running, of 2 versions: 1.2.0 on fob-1, 1.1.0 on fob-2$/,
  ],
  [
    'an old version that is gone',
    [node(), node({ version: '1.1.0', state: 'gone' })],
    'ok',
    /^1 running, 1 gone/,
  ],
  ['a clock that is far off', [node({ skewMs: -5001 })], 'warn', /clocks differ on fob-1$/],
  ['a clock that agrees', [node({ skewMs: 5000 })], 'ok', /^1 running$/],
] as const)
  test(`nodes, ${name}: ${verdict}`, () => {
    const finding = examineNodes(nodes);
    assert.equal(finding.verdict, verdict);
    assert.match(finding.finding.en, found);
  });

for (const [ageMs, gone] of [
  [0, false],
  [NODE_GONE_MS - 1, false],
  [NODE_GONE_MS, true],
  // The clock was set back since.
  [-NODE_GONE_MS, true],
] as const)
  test(`a node that was seen ${ageMs} ms ago is ${gone ? 'gone' : 'running'}`, () =>
    assert.equal(isGone({ seenAtMs: 1_000_000 }, 1_000_000 + ageMs), gone));
