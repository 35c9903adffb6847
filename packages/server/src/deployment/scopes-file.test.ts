import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OperatorError } from '../errors.ts';
import { readScopesFile } from './scopes-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyfob-scopes-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'scopes.json');

const read = (content: unknown) => {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readScopesFile(path, ['one', 'other']);
};

const FLEET = {
  name: 'fleet:read',
  kind: 'read',
  text: { en: 'Data of all vehicles', ko: '전체 차량 데이터' },
  dialects: ['one'],
};

const TRIPS = {
  name: 'trips',
  scopes: ['fleet:read'],
  text: { en: 'Where the cars have been', ko: '주행 기록' },
};

test('a file declares scopes; without one there are none', () => {
  assert.deepEqual(read({ scopes: [FLEET] }), { scopes: [FLEET], data: [] });
  assert.deepEqual(read({ scopes: [FLEET], data: [TRIPS] }), { scopes: [FLEET], data: [TRIPS] });
  assert.deepEqual(readScopesFile(undefined, []), { scopes: [], data: [] });
});

const { text: _text, ...withoutText } = FLEET;
const FAULTS: readonly (readonly [string, unknown, RegExp])[] = [
  ['no JSON', '{', /cannot be read as JSON/],
  ['another document', [], /the file must be an object|scopes is missing/],
  ['nothing', {}, /scopes is missing/],
  ['no list', { scopes: {} }, /scopes must be a list/],
  ['an unknown key of the file', { scopse: [], scopes: [] }, /unknown key scopse, did you mean scopes\?/],
  [
    'an unknown key',
    { scopes: [{ ...FLEET, kinds: 'read' }] },
    /unknown key scopes\.0\.kinds, did you mean kind\?/,
  ],
  ['a name of two words', { scopes: [{ ...FLEET, name: 'a b' }] }, /scopes\.0\.name must be one word/],
  ['another kind', { scopes: [{ ...FLEET, kind: 'write' }] }, /kind must be one of read, control/],
  ['no texts', { scopes: [withoutText] }, /scopes\.0\.text is missing/],
  ['a text that is missing', { scopes: [{ ...FLEET, text: { en: 'x' } }] }, /scopes\.0\.text\.ko is missing/],
  ['an empty text', { scopes: [{ ...FLEET, text: { en: '', ko: 'x' } }] }, /text\.en must not be empty/],
  ['a text of two lines', { scopes: [{ ...FLEET, text: { en: 'a\nb', ko: 'x' } }] }, /control characters/],
  ['an unknown dialect', { scopes: [{ ...FLEET, dialects: ['tow'] }] }, /must be one of one, other/],
  [
    'data without scopes',
    { scopes: [], data: [{ ...TRIPS, scopes: [] }] },
    /data\.0\.scopes must name a scope/,
  ],
  [
    'data with a name in capitals',
    { scopes: [], data: [{ ...TRIPS, name: 'Trips' }] },
    /data\.0\.name must be 1 to 64 of/,
  ],
  ['data twice', { scopes: [], data: [TRIPS, TRIPS] }, /data must have each name once/],
  ['a name twice', { scopes: [FLEET, FLEET] }, /scopes must have each name once/],
];

for (const [what, content, message] of FAULTS)
  test(`a file with ${what} stops the start and says what is wrong`, () => {
    assert.throws(
      () => read(content),
      (error: unknown) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.code, 'scopes_file_invalid');
        assert.match(error.message, message);
        return true;
      },
    );
  });

test('a file that does not exist stops the start', () => {
  assert.throws(() => readScopesFile(join(folder, 'none.json'), []), /cannot be read as JSON/);
});
