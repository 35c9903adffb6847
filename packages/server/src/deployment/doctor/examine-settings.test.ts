import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config.ts';
import { examineForwarding, examineGuessing } from './examine-settings.ts';

for (const [settings, found, isFault] of [
  [{}, 'the addresses of the connections', false],
  [{ publicUrl: 'http://127.0.0.1:8787' }, 'the addresses of the connections', false],
  [{ publicUrl: 'https://fob.example' }, 'all callers share its address', true],
  [{ publicUrl: 'https://fob.example', forwardedHops: 2 }, 'through 2 proxies', false],
] as const) {
  void test(`callers with ${JSON.stringify(settings)}: ${found}`, () => {
    const { check, finding, remedy } = examineForwarding(parseConfig({ flags: settings }));
    assert.equal(check, 'callers');
    assert.ok(finding.en.includes(found), finding.en);
    assert.equal(remedy?.en.includes('KEYFOB_FORWARDED_HOPS') ?? false, isFault);
  });
}

for (const [settings, found] of [
  [{}, 'failures per address'],
  [{ authenticationFailuresPerAddressMax: 0 }, 'KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX: 0'],
] as const) {
  void test(`guessing with ${JSON.stringify(settings)}: ${found}`, () => {
    assert.ok(examineGuessing(parseConfig({ flags: settings })).finding.en.includes(found));
  });
}
