import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { faultOfRedirectUri, faultOfScheme, isRegisteredRedirect } from './redirect-uri.ts';

const NATIVE = { isNativeApp: true };

const WEB = 'https://app.example/callback';
const V4 = 'http://127.0.0.1/callback';
const V4_PORT = 'http://127.0.0.1:8080/callback';
const V6 = 'http://[::1]/callback';
const LOCAL = 'http://localhost/callback';
const APP = 'com.example.app:/callback';

const MATCHES: readonly (readonly [registered: string, requested: string, isMatch: boolean, what: string])[] =
  [
    [WEB, WEB, true, 'the very same characters'],
    [WEB, 'https://app.example/callback/', false, 'a slash behind'],
    [WEB, 'https://app.example/callback?', false, 'an empty query'],
    [WEB, 'https://app.example/callback?x=1', false, 'a query'],
    [WEB, 'https://app.example/callback#', false, 'an empty fragment'],
    [WEB, 'https://app.example/callback#x', false, 'a fragment'],
    [WEB, 'https://app.example/callback/../callback', false, 'a detour'],
    [WEB, 'https://app.example/callback/.', false, 'a dot segment'],
    [WEB, 'https://app.example/%63allback', false, 'a percent-encoded letter'],
    [WEB, 'https://app.example/Callback', false, 'a letter of the path in other case'],
    [WEB, 'https://APP.example/callback', false, 'the host in other case'],
    [WEB, 'HTTPS://app.example/callback', false, 'the scheme in other case'],
    [WEB, 'http://app.example/callback', false, 'another scheme'],
    [WEB, 'https://app.example:443/callback', false, 'the default port written out'],
    [WEB, 'https://app.example:8443/callback', false, 'another port'],
    [WEB, 'https://app.example./callback', false, 'a dot behind the host'],
    [WEB, 'https://app.example.evil.example/callback', false, 'a host that begins alike'],
    [WEB, 'https://evil.example/https://app.example/callback', false, 'it within another'],
    [WEB, 'https://app.example@evil.example/callback', false, 'the host as user info'],
    [WEB, 'https://user@app.example/callback', false, 'user info'],
    [WEB, 'https://app.example\\@evil.example/callback', false, 'a backslash'],
    [WEB, 'https:\\\\app.example\\callback', false, 'backslashes for slashes'],
    [WEB, 'https:app.example/callback', false, 'no slashes, as browsers put up with'],
    [WEB, ' https://app.example/callback', false, 'a blank before'],
    [WEB, 'https://app.example/callback ', false, 'a blank behind'],
    [WEB, 'https://app.example/call\tback', false, 'a tab within, as browsers leave out'],
    [WEB, 'https://app.example/callback\n', false, 'a line end behind'],
    [WEB, '//app.example/callback', false, 'no scheme'],
    [WEB, '', false, 'nothing'],
    [APP, APP, true, "an app's own scheme"],
    [APP, 'com.example.app:/callback/x', false, "an app's own scheme with another path"],
    [APP, 'com.example.APP:/callback', false, "an app's own scheme in other case"],
    [V4, V4, true, 'loopback as registered'],
    [V4, V4_PORT, true, 'loopback with a port'],
    [V4, 'http://127.0.0.1:1/callback', true, 'loopback with the least port'],
    [V4, 'http://127.0.0.1:65535/callback', true, 'loopback with the greatest port'],
    [V4, 'http://127.0.0.1:65536/callback', false, 'loopback with an impossible port'],
    [V4, 'http://127.0.0.1:/callback', false, 'loopback with a colon alone'],
    [V4, 'http://127.0.0.1:8080x/callback', false, 'loopback with a port and more'],
    [V4, 'http://127.0.0.1:+80/callback', false, 'loopback with a sign in the port'],
    [V4, 'http://127.0.0.1:8080:9090/callback', false, 'loopback with two ports'],
    [V4_PORT, V4, true, 'loopback registered with a port, without'],
    [V4_PORT, 'http://127.0.0.1:9090/callback', true, 'loopback registered with a port, with another'],
    [V4, 'http://127.0.0.1:8080/callback?x', false, 'loopback with a port and a query'],
    [V4, 'http://127.0.0.1:8080/callback#x', false, 'loopback with a port and a fragment'],
    [V4, 'http://127.0.0.1:8080/other', false, 'loopback with a port and another path'],
    [V4, 'http://127.0.0.1:8080/callback/', false, 'loopback with a port and a slash behind'],
    [V4, 'http://127.0.0.1:8080', false, 'loopback with a port and no path'],
    [V4, 'https://127.0.0.1:8080/callback', false, 'loopback by https'],
    [V4, 'HTTP://127.0.0.1:8080/callback', false, 'loopback with the scheme in other case'],
    [V4, 'http://user@127.0.0.1:8080/callback', false, 'loopback with user info'],
    [V4, 'http://127.0.0.1:8080@evil.example/callback', false, 'loopback as user info'],
    [V4, 'http://127.0.0.1.evil.example:8080/callback', false, 'a host that begins like loopback'],
    [V4, 'http://127.0.0.1:8080\\@evil.example/callback', false, 'loopback and a backslash'],
    [V4, 'http://127.0.0.2:8080/callback', false, 'another address of the machine'],
    [V4, 'http://127.1:8080/callback', false, 'loopback in short'],
    [V4, 'http://2130706433:8080/callback', false, 'loopback as a number'],
    [V4, 'http://0x7f.0.0.1:8080/callback', false, 'loopback in hexadecimal'],
    [V4, 'http://localhost:8080/callback', false, 'a name instead of the address'],
    [V4, 'http://[::1]:8080/callback', false, 'IPv6 instead of IPv4'],
    [V6, 'http://[::1]:8080/callback', true, 'IPv6 loopback with a port'],
    [V6, 'http://[0:0:0:0:0:0:0:1]:8080/callback', false, 'IPv6 loopback written out'],
    [V6, 'http://::1:8080/callback', false, 'IPv6 loopback without brackets'],
    [V6, 'http://127.0.0.1:8080/callback', false, 'IPv4 instead of IPv6'],
    [LOCAL, 'http://localhost:8080/callback', true, 'localhost with a port'],
    [LOCAL, 'http://LOCALHOST:8080/callback', false, 'localhost in capitals'],
    [LOCAL, 'http://localhost.:8080/callback', false, 'localhost with a dot behind'],
    [LOCAL, 'http://localhost.evil.example:8080/callback', false, 'a host that begins like localhost'],
    ['http://127.0.0.1', 'http://127.0.0.1:8080', true, 'loopback without a path'],
    ['http://127.0.0.1', 'http://127.0.0.1:8080/', false, 'loopback without a path, with one'],
    ['http://127.0.0.1?x=1', 'http://127.0.0.1:8080?x=1', true, 'loopback with a query alone'],
  ];

for (const [registered, requested, isMatch, what] of MATCHES) {
  void test(`${what}: ${JSON.stringify(requested)} ${isMatch ? 'is' : 'is not'} ${registered}`, () => {
    assert.equal(isRegisteredRedirect([registered], requested, NATIVE), isMatch);
  });
}

void test('any one of several registered URIs matches, and an empty list matches nothing', () => {
  assert.equal(isRegisteredRedirect([WEB, APP, V4], V4_PORT, NATIVE), true);
  assert.equal(isRegisteredRedirect([WEB, APP], V4_PORT, NATIVE), false);
  assert.equal(isRegisteredRedirect([], WEB, NATIVE), false);
  assert.equal(isRegisteredRedirect([], '', NATIVE), false);
});

void test('only a native app may use any port of loopback', () => {
  for (const isNativeApp of [true, false]) {
    assert.equal(isRegisteredRedirect([V4], V4_PORT, { isNativeApp }), isNativeApp);
    assert.equal(isRegisteredRedirect([V4], V4, { isNativeApp }), true);
  }
});

const OWN = 'sc4a1b01e5-0497-417c-a30e-6df6ba33ba46';
const SCHEMES: readonly (readonly [uri: string, documented: string | undefined, isGood: boolean])[] = [
  [WEB, undefined, true],
  [V4, undefined, true],
  [APP, undefined, true],
  ['com.example.app://callback', undefined, true],
  ['myapp://callback', undefined, false],
  ['MyApp:/callback', undefined, false],
  [`${OWN}://myapp.com/callback`, OWN, true],
  [`${OWN.toUpperCase()}://myapp.com/callback`, OWN, true],
  [`${OWN}://myapp.com/callback`, undefined, false],
  [`${OWN}0://myapp.com/callback`, OWN, false],
  ['sc://exchange', OWN, false],
];

for (const [uri, documented, isGood] of SCHEMES)
  void test(`the scheme of ${uri} ${isGood ? 'belongs' : 'does not belong'} to an app${documented === undefined ? '' : ' with a documented one'}`, () => {
    if (isGood) assert.equal(faultOfScheme(uri, documented), undefined);
    else
      assert.match(faultOfScheme(uri, documented)?.en ?? '', /scheme with a dot, such as com\.example\.app/);
  });

const long = (characters: number): string => WEB.padEnd(characters, 'x');

const FAULTS: readonly (readonly [uri: string, fault: RegExp | undefined])[] = [
  [WEB, undefined],
  ['https://app.example', undefined],
  ['https://app.example/', undefined],
  ['https://app.example/callback?tenant=1', undefined],
  ['https://app.example:8443/callback', undefined],
  ['https://192.0.2.7/callback', undefined],
  ['https://[2001:db8::9]/callback', undefined],
  ['https://app.example/%ED%95%9C', undefined],
  ['https://xn--vj5b11b.example/callback', undefined],
  [V4, undefined],
  [V4_PORT, undefined],
  [V6, undefined],
  [LOCAL, undefined],
  ['http://localhost:65535/callback', undefined],
  ['https://localhost/callback', undefined],
  [APP, undefined],
  ['com.example.app://callback', undefined],
  [long(2048), undefined],
  [long(2049), /at most 2048/],
  ['', /absolute URI/],
  ['/callback', /absolute URI/],
  ['//app.example/callback', /absolute URI/],
  ['app.example/callback', /absolute URI/],
  ['https://', /absolute URI/],
  ['https://app example/callback', /absolute URI/],
  ['https://app.example/call back', /visible ASCII/],
  ['https://app.example/call\tback', /visible ASCII/],
  ['https://app.example/callback\n', /visible ASCII/],
  [' https://app.example/callback', /visible ASCII/],
  ['https://app.example/콜백', /visible ASCII/],
  ['https://앱.example/callback', /visible ASCII/],
  ['https://app.example:65536/callback', /absolute URI/],
  ['http://127.0.0.1:65536/callback', /absolute URI/],
  ['https://app.example/callback#', /fragment/],
  ['https://app.example/callback#x', /fragment/],
  ['https://app.example/callback?x=1#y', /fragment/],
  ['https://app.example\\@evil.example/', /backslash/],
  ['https://app.example/a\\b', /backslash/],
  ['https://user@app.example/callback', /user name/],
  ['https://user:password@app.example/callback', /user name/],
  ['https://:password@app.example/callback', /user name/],
  ['http://user@127.0.0.1/callback', /user name/],
  ['https://*.example/callback', /no \*/],
  ['https://app.example/*', /no \*/],
  ['https://app.example/callback?x=*', /no \*/],
  ['https://app.example/callback?code=1', /no code/],
  ['https://app.example/callback?x=1&code', /no code/],
  ['https://app.example/callback?state=1', /no state/],
  ['https://app.example/callback?st%61te=1', /no state/],
  ['https://app.example/callback?promo_code=1', undefined],
  ['com.example.app:/callback?code=1', /no code/],
  ['https:app.example/callback', /two slashes/],
  ['https:/app.example/callback', /two slashes/],
  ['https:///app.example/callback', /two slashes/],
  ['HTTP:127.0.0.1/callback', /two slashes/],
  ['javascript:alert(1)', /must not use javascript:/],
  ['JavaScript:alert(1)', /must not use javascript:/],
  ['data:text/html,x', /must not use data:/],
  ['vbscript:x', /must not use vbscript:/],
  ['blob:https://app.example/x', /must not use blob:/],
  ['file:///etc/passwd', /must not use file:/],
  ['about:blank', /must not use about:/],
  ['http://app.example/callback', /must use https/],
  ['HTTP://app.example/callback', /must use https/],
  ['http://192.0.2.7/callback', /must use https/],
  ['http://127.0.0.2/callback', /must use https/],
  ['http://0.0.0.0/callback', /must use https/],
  ['http://[::]/callback', /must use https/],
  ['http://[2001:db8::9]/callback', /must use https/],
  ['http://localhost.evil.example/callback', /must use https/],
  ['http://127.0.0.1.evil.example/callback', /must use https/],
];

for (const [uri, fault] of FAULTS) {
  void test(`${JSON.stringify(uri.slice(0, 60))} ${fault === undefined ? 'may be registered' : 'may not'}`, () => {
    if (fault === undefined) assert.equal(faultOfRedirectUri(uri), undefined);
    else assert.match(faultOfRedirectUri(uri)?.en ?? '', fault);
  });
}

void test('a URI that may be registered matches itself and, except on loopback, nothing else', () => {
  fc.assert(
    fc.property(
      fc.webUrl({ validSchemes: ['https'] }),
      fc.webUrl({ validSchemes: ['https', 'http'] }),
      (one, other) => {
        assert.equal(isRegisteredRedirect([one], one, NATIVE), true);
        assert.equal(isRegisteredRedirect([one], other, NATIVE), one === other);
      },
    ),
  );
});
