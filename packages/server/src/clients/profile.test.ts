import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOGO_MAX_BYTES, parseLogo } from './logo.ts';
import { changeProfile, readProfile, writeProfile } from './profile.ts';

const chunk = (kind: string, data: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(kind), data, Buffer.alloc(4)]);
};
const header = (width: number, height: number): Buffer => {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  return chunk('IHDR', data);
};
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const END = chunk('IEND', Buffer.alloc(0));
const png = (width = 64, height = 48, ...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([SIGNATURE, header(width, height), ...chunks, chunk('IDAT', Buffer.alloc(8)), END]);
/** Start, one table, the frame, one scan, end. */
const jpeg = (width = 64, height = 48): Buffer => {
  const frame = Buffer.from('ffc0000b080000000001011100', 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([
    Buffer.from('ffd8ffe000040000', 'hex'),
    frame,
    Buffer.from('ffda00021122ffd9', 'hex'),
  ]);
};

describe('A logo', () => {
  for (const [what, bytes, expected] of [
    ['a PNG', png(), ['image/png', 64, 48]],
    ['the smallest PNG', png(32, 32), ['image/png', 32, 32]],
    ['the largest PNG', png(1024, 1024), ['image/png', 1024, 1024]],
    ['a JPEG', jpeg(), ['image/jpeg', 64, 48]],
  ] as const)
    test(`can be ${what}`, () => {
      const logo = parseLogo(bytes);
      assert.ok(!('fault' in logo));
      assert.deepEqual([logo.mediaType, logo.width, logo.height], expected);
      assert.deepEqual(logo.bytes, Uint8Array.from(bytes));
    });

  const incomplete = 'must be a complete PNG or JPEG image';
  const sides = 'must have from 32 to 1024 pixels on each side';
  for (const [what, bytes, fault] of [
    ['nothing', Buffer.alloc(0), incomplete],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), incomplete],
    ['HTML', Buffer.from('<!doctype html>'), incomplete],
    ['GIF', Buffer.from('GIF89a@@@@@@@@@@'), incomplete],
    ['a PNG that ends early', png().subarray(0, -1), incomplete],
    ['a PNG with something after its end', Buffer.concat([png(), Buffer.from('<script>')]), incomplete],
    ['a PNG without a header', Buffer.concat([SIGNATURE, END]), incomplete],
    ['a PNG with two headers', png(64, 64, header(64, 64)), incomplete],
    ['a PNG with a chunk that is too long', png().fill(0xff, 33, 36), incomplete],
    ['an animation', png(64, 64, chunk('acTL', Buffer.alloc(8))), 'must not be animated'],
    ['a PNG that is too small', png(31, 64), sides],
    ['a PNG that is too large', png(64, 1025), sides],
    ['a JPEG that is too large', jpeg(4000, 64), sides],
    ['a JPEG that ends early', jpeg().subarray(0, -1), incomplete],
    ['a JPEG without a frame', Buffer.from('ffd8ffda00021122ffd9', 'hex'), incomplete],
    ['a JPEG of a few bytes', Buffer.from('ffd8ffd9', 'hex'), incomplete],
    ['a long file', Buffer.alloc(LOGO_MAX_BYTES + 1), 'must have at most 24 KiB'],
  ] as const)
    test(`cannot be ${what}`, () => assert.deepEqual(parseLogo(bytes), { fault }));
});

describe('A profile', () => {
  const full = { developer: 'Example GmbH', privacyUrl: 'https://app.example/privacy', logo: png() };

  test('is changed field by field, and is absent when it says nothing', () => {
    const changed = changeProfile(undefined, full);
    assert.ok(!('faults' in changed) && changed.profile !== undefined);
    assert.equal(changed.profile.developer, 'Example GmbH');
    assert.equal(changed.profile.logo?.width, 64);
    assert.deepEqual(changeProfile(changed.profile, {}), changed);
    assert.deepEqual(changeProfile(changed.profile, { logo: null }), {
      profile: { ...changed.profile, logo: undefined },
    });
    assert.deepEqual(changeProfile(changed.profile, { developer: '', privacyUrl: null, logo: null }), {});
    assert.deepEqual(changeProfile(undefined, {}), {});
  });

  test('is the same after it was stored', () => {
    const changed = changeProfile(undefined, full);
    assert.ok(!('faults' in changed) && changed.profile !== undefined);
    assert.deepEqual(readProfile(writeProfile(changed.profile)), changed.profile);
    assert.equal(writeProfile(), '{}');
    assert.equal(readProfile('{"logo":"AAAA"}').logo, undefined);
  });

  for (const [name, change, fault] of [
    [
      'a name with invisible characters',
      { developer: 'a\u202Eb' },
      'the name of the developer must not contain',
    ],
    ['a link without https', { privacyUrl: 'http://app.example/' }, 'the privacy link must use https'],
    ['a link with a script', { privacyUrl: 'javascript:alert(1)' }, 'the privacy link must use https'],
    ['a link with a password', { privacyUrl: 'https://a:b@app.example/' }, 'the privacy link must carry no'],
    ['a relative link', { privacyUrl: '/privacy' }, 'the privacy link must be an absolute URL'],
    ['a logo that is none', { logo: Buffer.from('GIF') }, 'the logo must be a complete PNG or JPEG image'],
  ] as const)
    test(`is refused with ${name}`, () => {
      const changed = changeProfile(undefined, change);
      assert.ok('faults' in changed);
      assert.ok(changed.faults[0]?.startsWith(fault), changed.faults[0]);
    });
});
