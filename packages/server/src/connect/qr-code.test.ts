import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { createQrCode, QR_MAX_BYTES, renderQrSvg, renderQrText } from './qr-code.ts';

/** Of codes that jsQR 1.4.0, a reader that shares no code with this writer, read back as these texts. */
const READ_BACK = [
  {
    text: 'https://auth.example/device?user_code=WDJB-MJHT',
    size: 33,
    digest: '3c66112d7b997da94a05b7572a57a6a0de425335cb8e242ce7edbd75c1aa92df',
  },
  {
    text: 'HELLO',
    size: 21,
    digest: 'c346c75add5698735afe3f7eb4f3e6c57ccefd9563f45f65c6d76aa518fb6f91',
  },
  {
    text: 'x'.repeat(QR_MAX_BYTES),
    size: 57,
    digest: 'f8a692e420006d88c10e55f6fb2f048c68ad07db0d7c3f134adf4ff3fc04aae2',
  },
];

for (const { text, size, digest } of READ_BACK)
  test(`the QR code of ${text.length} characters is the one that a scanner reads`, () => {
    const code = createQrCode(text);
    assert.equal(code.length, size);
    const drawn = code.map((row) => row.map((isDark) => (isDark ? '1' : '0')).join('')).join('\n');
    assert.equal(hash('sha256', drawn), digest);
  });

test('a text that is too long is refused', () => {
  assert.throws(() => createQrCode('x'.repeat(QR_MAX_BYTES + 1)), /too long/);
});

test('every picture has a quiet zone of four modules', () => {
  const code = createQrCode('HELLO');
  assert.match(renderQrSvg(code), /^<svg [^>]*viewBox="0 0 29 29"/);
  const lines = renderQrText(code).split('\n');
  assert.deepEqual([lines.length, lines[0], lines[1]], [15, '█'.repeat(29), '█'.repeat(29)]);
  assert.ok(lines.every((line) => line.length === 29 && line.startsWith('████') && line.endsWith('████')));
});
