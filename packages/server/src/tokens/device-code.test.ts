import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readingsOfCode, sealCode } from './authorization-code.ts';
import { base64UrlShape } from './base-shapes.ts';
import { readingsOfDeviceCode, sealDeviceCode } from './device-code.ts';
import { ringOf } from './key-ring.cases.ts';
import { uuidV4Shape } from './shape.ts';

const RING = ringOf('1:seal:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
const OPENED = { grantId: -42n, issuedAt: 1_750_000_000 };

for (const [name, shape] of [
  ['a UUID', uuidV4Shape],
  ['base64url', base64UrlShape],
] as const) {
  test(`a device code as ${name} opens as what was sealed`, () => {
    const text = sealDeviceCode(RING.seal.active, shape, OPENED);
    assert.deepEqual(readingsOfDeviceCode(RING, shape, text), [OPENED]);
  });

  test(`a device code as ${name} is no authorization code, and the other way round`, () => {
    const device = sealDeviceCode(RING.seal.active, shape, OPENED);
    assert.deepEqual(readingsOfCode(RING, shape, device), []);
    assert.deepEqual(readingsOfDeviceCode(RING, shape, sealCode(RING.seal.active, shape, OPENED)), []);
  });
}
