import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIALECTS } from '../dialects/dialects.ts';
import { Refusal } from '../errors.ts';
import type { Route, RouteGroup } from '../wire/route.ts';
import { createRouter } from './router.ts';
import type { Match } from './router.ts';

const answer =
  (body: string): Route =>
  () => ({ status: 200, headers: {}, body });

const group = (name: string, routes: RouteGroup['routes'], pathPrefix?: string): RouteGroup => ({
  name,
  routes,
  ...(pathPrefix === undefined ? {} : { pathPrefix }),
  renderRefusal: () => ({ status: 400, headers: {}, body: name }),
});

const find = createRouter([
  group('connect', {
    'GET /oauth/authorize': answer('authorize'),
    'POST /oauth/authorize': answer('agree'),
    'GET /connect.css': answer('style'),
  }),
  group('resource', {
    'GET /v2.0/vehicles': answer('vehicles'),
    'GET /v2.0/vehicles/{id}': answer('vehicle'),
    'DELETE /v2.0/vehicles/{id}/application': answer('disconnect'),
    'POST /v2.0/{kind}/{id}': answer('anything'),
    'GET /v2.0/vehicles/all': answer('every vehicle'),
  }),
  group('root', {}, '/'),
  group('version one', {}, '/v1/'),
]);

/** A router with a group for each of two routes. */
const twice = (one: string, other: string) =>
  createRouter([group('one', { [one]: answer('') }, '/'), group('other', { [other]: answer('') })]);

test('two routes of one method and path are an error', () => {
  for (const path of ['/token', '/vehicles/{id}']) {
    assert.throws(() => twice(`GET ${path}`, `GET ${path}`), RangeError);
    assert.throws(() => twice(`GET ${path}`, `HEAD ${path}`), RangeError);
    assert.doesNotThrow(() => twice(`GET ${path}`, `POST ${path}`));
  }
});

const bodyOf = async (match: Match): Promise<string | undefined> => {
  if (match.route === undefined) return undefined;
  const request = { method: 'GET', path: '/', query: '', headers: {}, body: Buffer.alloc(0) };
  const exchange = { requestId: '6d4226e7-a7dd-44e0-b29c-9eed26be249d', nowMs: 0 };
  const caller = { address: '192.0.2.1', userAgent: '' };
  const visit = { request, exchange, caller, parameters: match.parameters, client: undefined };
  return (await match.route(visit)).body;
};

type Case = readonly [
  request: string,
  body: string,
  group: string,
  parameters?: Readonly<Record<string, string>>,
];

const FOUND: readonly Case[] = [
  ['GET /oauth/authorize', 'authorize', 'connect'],
  ['POST /oauth/authorize', 'agree', 'connect'],
  ['HEAD /oauth/authorize', 'authorize', 'connect'],
  ['GET /connect.css', 'style', 'connect'],
  ['GET /v2.0/vehicles', 'vehicles', 'resource'],
  ['HEAD /v2.0/vehicles', 'vehicles', 'resource'],
  ['GET /v2.0/vehicles/all', 'every vehicle', 'resource'],
  ['GET /v2.0/vehicles/36ab', 'vehicle', 'resource', { id: '36ab' }],
  ['GET /v2.0/vehicles/..', 'vehicle', 'resource', { id: '..' }],
  ['GET /v2.0/vehicles/a%2Fb%20%ED%95%9C', 'vehicle', 'resource', { id: 'a/b 한' }],
  ['GET /v2.0/vehicles/%2525', 'vehicle', 'resource', { id: '%25' }],
  ['DELETE /v2.0/vehicles/1/application', 'disconnect', 'resource', { id: '1' }],
  ['POST /oauth/authorize/', 'agree', 'connect'],
  ['GET /v2.0/vehicles/', 'vehicles', 'resource'],
  ['GET /v2.0/vehicles/36ab/', 'vehicle', 'resource', { id: '36ab' }],
  ['DELETE /v2.0/vehicles/1/application/', 'disconnect', 'resource', { id: '1' }],
  ['POST /v2.0/user/7', 'anything', 'resource', { kind: 'user', id: '7' }],
];

for (const [request, body, name, parameters = {}] of FOUND) {
  void test(`${request} leads to "${body}" of ${name}`, async () => {
    const [method = '', path = ''] = request.split(' ');
    const match = find(method, path);
    assert.equal(await bodyOf(match), body);
    assert.equal(match.group.name, name);
    assert.deepEqual(match.route === undefined ? undefined : match.parameters, parameters);
  });
}

const TEMPLATES: readonly (readonly [request: string, template: string | undefined])[] = [
  ['GET /oauth/authorize', '/oauth/authorize'],
  ['HEAD /oauth/authorize/', '/oauth/authorize'],
  ['GET /v2.0/vehicles/36ab', '/v2.0/vehicles/{id}'],
  ['PUT /v2.0/vehicles/36ab', '/v2.0/vehicles/{id}'],
  ['GET /v2.0/vehicles/%ff', undefined],
  ['GET /elsewhere/36ab', undefined],
];

for (const [request, template] of TEMPLATES) {
  void test(`${request} has the template ${template ?? 'of no route'}`, () => {
    const [method = '', path = ''] = request.split(' ');
    assert.equal(find(method, path).template, template);
  });
}

const OTHER_METHOD: readonly (readonly [string, string])[] = [
  ['DELETE /oauth/authorize', 'GET, HEAD, POST'],
  ['OPTIONS /v2.0/vehicles', 'GET, HEAD'],
  ['POST /v2.0/vehicles', 'GET, HEAD'],
  ['PUT /v2.0/vehicles/1', 'GET, HEAD'],
  ['HEAD /v2.0/vehicles/1/application', 'DELETE'],
  ['DELETE /oauth/authorize/', 'GET, HEAD, POST'],
  ['get /connect.css', 'GET, HEAD'],
];

for (const [request, allow] of OTHER_METHOD) {
  void test(`${request} is refused with the methods ${allow}`, () => {
    const [method = '', path = ''] = request.split(' ');
    const match = find(method, path);
    assert.ok(match.route === undefined);
    assert.equal(match.allow, allow);
  });
}

const UNKNOWN: readonly string[] = [
  '',
  '/',
  '/oauth',
  '/oauth/authorize//',
  '/oauth/authorize/x/',
  '/oauth/Authorize',
  '//oauth/authorize',
  '/oauth/authorize\n',
  '/connect_css',
  '/v2.0',
  '/v2x0/vehicles',
  '/v2.0/vehicles/1/2/application',
  '/v2.0/vehicles//application',
  // Broken percent signs, and bytes that are not UTF-8.
  '/v2.0/vehicles/%',
  '/v2.0/vehicles/%2',
  '/v2.0/vehicles/%zz',
  '/v2.0/vehicles/%ff',
  '/v2.0/vehicles/%C3%28/application',
  '/__proto__',
  '/constructor',
];

const assertUnknown = async (method: string, path: string, name: string): Promise<void> => {
  const match = find(method, path);
  assert.equal(match.group.name, name, path);
  await assert.rejects(
    () => bodyOf(match),
    (error: unknown) => error instanceof Refusal && error.reason === 'path_unknown',
  );
};

for (const path of UNKNOWN) {
  void test(`the path ${JSON.stringify(path)} is unknown, whatever the method`, async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) await assertUnknown(method, path, 'root');
  });
}

const BELOW_A_PREFIX: readonly (readonly [path: string, group: string])[] = [
  ['/v1/auth/none', 'version one'],
  ['/v1/', 'version one'],
  ['/v1', 'version one'],
  ['/v10/x', 'root'],
  ['*', 'root'],
];

for (const [path, name] of BELOW_A_PREFIX) {
  void test(`the unknown path ${path} is refused by the group of the longest prefix: ${name}`, () =>
    assertUnknown('GET', path, name));
}

void test('one group must refuse unknown paths', () => {
  assert.throws(() => createRouter([group('connect', {})]), RangeError);
});

void test('one dialect refuses the unknown paths of all others', () => {
  assert.equal(Object.values(DIALECTS).filter(({ pathPrefix }) => pathPrefix === '/').length, 1);
});
