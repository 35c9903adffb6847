import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { envKeys, lookupOf, parseKeys, rowKey } from './key-ring.ts';
import { seal, unseal } from './seal.ts';

const text = (byte: number): string => Buffer.alloc(32, byte).toString('base64url');
const BINDING = { row: 'g1', column: 'pair', turn: '1.1' };

describe('sealed values', () => {
  const keys = parseKeys([text(1)]);
  it('open in their place, and in no other', () => {
    const sealed = seal(keys, BINDING, 'secret');
    assert.equal(unseal(keys, BINDING, sealed), 'secret');
    for (const other of [{ row: 'g2' }, { column: 'answer' }, { turn: '2.1' }])
      assert.throws(() => unseal(keys, { ...BINDING, ...other }, sealed), { code: 'value_damaged' });
  });
  it('do not open when a bit has changed', () => {
    const sealed = seal(keys, BINDING, 'secret');
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.throws(() => unseal(keys, BINDING, changed), { name: 'KeeperError' });
    }
  });
  it('open with the key before, while keys change', () => {
    const sealed = seal(keys, BINDING, 'secret');
    assert.equal(unseal(parseKeys([text(2), text(1)]), BINDING, sealed), 'secret');
    assert.throws(() => unseal(parseKeys([text(2)]), BINDING, sealed), { code: 'key_unknown' });
  });
  it('have keys of HKDF (RFC 5869), one for each row', () => {
    const { current } = keys;
    const expected = hkdfSync('sha256', current.secret, '', 'keyfob keeper row g1', 32);
    assert.deepEqual(Buffer.from(rowKey(current, 'g1')), Buffer.from(expected));
    const lookupKey = Buffer.from(hkdfSync('sha256', current.secret, '', 'keyfob keeper lookup', 32));
    const lookup = createHmac('sha256', lookupKey).update('token').digest().subarray(0, 16);
    assert.deepEqual(lookupOf(current, 'token'), lookup);
  });
  it('need a key, and say how to make one', () => {
    assert.throws(() => envKeys('NONE', {}), { code: 'key_missing', message: /randomBytes\(32\)/ });
    assert.throws(() => envKeys('SHORT', { SHORT: 'abc' }), { code: 'key_malformed' });
    assert.equal(envKeys('TWO', { TWO: `${text(1)}, ${text(2)}` }).all.length, 2);
  });
});
