import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replaceBetweenMarkers } from '../docs.ts';
import { sharesOf } from './shares.ts';
import type { CpuProfile } from './shares.ts';

const ROOT_URL = 'file:///keyfob/';
const EDGE = `${ROOT_URL}packages/server/src/http/edge.ts`;

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

const NODES: CpuProfile['nodes'] = [
  { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 5, 6] },
  { id: 2, callFrame: frame('(idle)') },
  { id: 3, callFrame: frame('(program)') },
  { id: 4, callFrame: frame('(garbage collector)') },
  { id: 5, callFrame: frame('onRequest', EDGE, 44), children: [7, 8, 9] },
  { id: 6, callFrame: frame('onRead', 'node:internal/stream_base_commons', 9), children: [10] },
  { id: 7, callFrame: frame('update', 'node:internal/crypto/cipher', 154), children: [11] },
  { id: 8, callFrame: frame('byteLength', 'node:buffer', 0) },
  { id: 9, callFrame: frame('', `${ROOT_URL}node_modules/pino/pino.js`, 0) },
  { id: 10, callFrame: frame('onRequest', EDGE, 44) },
  { id: 11, callFrame: frame('encrypt') },
];

/** A profile of consecutive samples of ten microseconds each. */
const profile = (samples: readonly number[]): CpuProfile => ({
  nodes: NODES,
  startTime: 1000,
  endTime: 1000 + samples.length * 10,
  samples,
  timeDeltas: samples.map((_, index) => (index === 0 ? 0 : 10)),
});

describe('A profile', () => {
  test('gives the share of each function over all callers, and of each part including native code', () => {
    const samples = [2, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11];
    const shares = sharesOf(profile(samples), { fromMicros: 0, toMicros: 9999, rootUrl: ROOT_URL });
    assert.equal(shares.busyMicros, 100);
    assert.deepEqual(shares.functions[0], {
      name: 'onRequest',
      file: 'packages/server/src/http/edge.ts:45',
      share: 0.3,
    });
    const rest = shares.functions.slice(1).map(({ name, file }) => [name, file]);
    assert.deepEqual(rest, [
      ['(program)', '(native)'],
      ['(garbage collector)', '(native)'],
      ['onRead', 'node:internal/stream_base_commons:10'],
      ['update', 'node:internal/crypto/cipher:155'],
      ['byteLength', 'node:buffer:1'],
      ['(anonymous)', 'node_modules/pino/pino.js:1'],
      ['encrypt', '(native)'],
    ]);
    const parts = Object.fromEntries(
      shares.parts.map(({ part, share, nativeShare }) => [part, [share, nativeShare]]),
    );
    assert.deepEqual(parts, {
      'Keyfob: http': [0.3, 0],
      'node:crypto': [0.2, 0.1],
      'HTTP and other node: modules': [0.1, 0],
      buffers: [0.1, 0],
      dependencies: [0.1, 0],
      'garbage collection': [0.1, 0.1],
      'native code called from (program)': [0.1, 0.1],
    });
  });

  test('counts only the time inside the window, to the microsecond', () => {
    const window = { fromMicros: 1004, toMicros: 1029, rootUrl: ROOT_URL };
    const { busyMicros, functions } = sharesOf(profile([5, 3, 5, 5]), window);
    assert.equal(busyMicros, 25);
    assert.deepEqual(
      functions.map(({ name, share }) => [name, share]),
      [
        ['onRequest', 0.6],
        ['(program)', 0.4],
      ],
    );
  });

  test('without a busy sample in the window is an error', () => {
    const window = { fromMicros: 0, toMicros: 1010, rootUrl: ROOT_URL };
    assert.throws(() => sharesOf(profile([2, 5]), window), /no busy time/);
  });
  test('has its own section in the document', () => {
    const bench = '<!-- bench:begin -->\n\nold\n\n<!-- bench:end -->\n';
    const both = `${bench}\n<!-- profile:begin -->\n\nnew\n\n<!-- profile:end -->\n`;
    assert.equal(replaceBetweenMarkers(bench, 'new', 'profile'), both);
    assert.equal(replaceBetweenMarkers(both, 'new', 'profile'), both);
  });
});
