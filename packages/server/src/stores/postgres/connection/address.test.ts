import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAddress, showPostgresUrl, transportOf } from './address.ts';

const read = (url: string, environment = {}) => {
  const address = readAddress(url, environment);
  assert.ok(!('fault' in address), JSON.stringify(address));
  return address;
};

void test('an address of one host is passed to the driver as it is', () => {
  const url = 'postgres://a%40b:p%2Fw@db:5432/keyfob?application_name=x%20y&options=-c%20search_path%3Dz';
  const { hosts, tls } = read(url);
  assert.deepEqual(hosts, [{ name: 'db:5432', url, isLocal: false }]);
  assert.equal(tls.mode, 'disable');
});

void test('an address of several hosts is one for each, without what the driver must not read', () => {
  const { hosts, tls } = read(
    'postgresql://keyfob:p,w@db1,db2:5433,[::1]:5434/keyfob?target_session_attrs=read-write&connect_timeout=3&sslmode=verify-full&sslrootcert=system',
  );
  assert.deepEqual(
    hosts.map(({ name, url }) => [name, url]),
    [
      ['db1', 'postgresql://keyfob:p,w@db1/keyfob?connect_timeout=3'],
      ['db2:5433', 'postgresql://keyfob:p,w@db2:5433/keyfob?connect_timeout=3'],
      ['[::1]:5434', 'postgresql://keyfob:p,w@[::1]:5434/keyfob?connect_timeout=3'],
    ],
  );
  assert.deepEqual([tls.mode, tls.rootFile], ['verify-full', undefined]);
});

const MODES: readonly (readonly [query: string, environment: object, mode: string])[] = [
  ['', {}, 'disable'],
  ['', { PGSSLMODE: 'verify-full' }, 'verify-full'],
  ['sslmode=disable', { PGSSLMODE: 'verify-full' }, 'disable'],
  ['sslmode=require', {}, 'require'],
  ['sslmode=require&sslrootcert=system', {}, 'require'],
  ['sslmode=require&sslrootcert=ca.pem', {}, 'verify-ca'],
  ['sslmode=verify-ca&sslrootcert=ca.pem', {}, 'verify-ca'],
  ['sslmode=verify-full&sslcert=c.pem&sslkey=k.pem&sslnegotiation=direct', {}, 'verify-full'],
];

for (const [query, environment, mode] of MODES) {
  void test(`"${query}" with ${JSON.stringify(environment)} means ${mode}`, () => {
    assert.equal(read(`postgres://db/keyfob?${query}`, environment).tls.mode, mode);
  });
}

const FAULTS: readonly (readonly [url: string, fault: RegExp])[] = [
  ['mysql://db/keyfob', /must be the address/],
  ['postgres://db:port/keyfob', /must be the address/],
  ['postgres://db1:1,db2:port/keyfob', /must be the address/],
  ['postgres://db1,,db2/keyfob', /must be the address/],
  ['postgres://db/keyfob?sslmode=prefer', /nobody knows whether a connection is encrypted/],
  ['postgres://db/keyfob?sslmode=allow', /nobody knows/],
  ['postgres://db/keyfob?sslmode=no-verify', /sslmode of disable, require, verify-ca, verify-full/],
  ['postgres://db/keyfob?sslmode=', /sslmode of/],
  ['postgres://db/keyfob?ssl=true', /sslmode instead of ssl/],
  ['postgres://db/keyfob?uselibpqcompat=true&sslmode=require', /uselibpqcompat/],
  ['postgres://db/keyfob?sslmode=verify-ca', /sslrootcert/],
  ['postgres://db/keyfob?sslrootcert=ca.pem', /sslmode=verify-full/],
  ['postgres://db/keyfob?sslnegotiation=direct', /sslmode=verify-full/],
  ['postgres://db/keyfob?sslmode=require&sslnegotiation=fast', /direct or postgres/],
  ['postgres://db1,db2/keyfob?target_session_attrs=any', /only the primary/],
  ['postgres://db1,db2/keyfob?target_session_attrs=prefer-standby', /only the primary/],
  ['postgres:///keyfob?host=db1,db2', /several hosts before the database/],
];

for (const [url, fault] of FAULTS) {
  void test(`${url} is refused`, () => {
    const address = readAddress(url);
    assert.ok('fault' in address);
    assert.match(address.fault, fault);
  });
}

void test('a mode of the environment that promises nothing is refused by its name', () => {
  const address = readAddress('postgres://db/keyfob', { PGSSLMODE: 'prefer' });
  assert.ok('fault' in address);
  assert.match(address.fault, /PGSSLMODE is prefer/);
});

const LOCAL: readonly (readonly [url: string, environment: object, isLocal: boolean])[] = [
  ['postgres://localhost/keyfob', {}, true],
  ['postgres://127.0.0.2:5432/keyfob', {}, true],
  ['postgres://[::1]/keyfob', {}, true],
  ['postgres:///keyfob?host=/run/postgresql', {}, true],
  ['postgres://%2Frun%2Fpostgresql/keyfob', {}, true],
  ['postgres:///keyfob', {}, true],
  ['postgres:///keyfob', { PGHOST: 'db' }, false],
  ['postgres://db/keyfob', {}, false],
  ['postgres://localhost.example/keyfob', {}, false],
];

for (const [url, environment, isLocal] of LOCAL) {
  void test(`${url} with ${JSON.stringify(environment)} is ${isLocal ? 'on this machine' : 'remote'}`, () => {
    assert.equal(read(url, environment).hosts[0]?.isLocal, isLocal);
  });
}

const TRANSPORTS: readonly (readonly [url: string, transport: string])[] = [
  ['postgres://localhost,127.0.0.1/keyfob', 'local'],
  ['postgres://localhost,db/keyfob', 'plain'],
  ['postgres://db/keyfob?sslmode=disable', 'plain'],
  ['postgres://db/keyfob?sslmode=require', 'unverified'],
  ['postgres://db/keyfob?sslmode=verify-ca&sslrootcert=ca.pem', 'of_authority'],
  ['postgres://db/keyfob?sslmode=verify-full', 'verified'],
];

for (const [url, transport] of TRANSPORTS) {
  void test(`the connections to ${url} are ${transport}`, () => {
    assert.equal(transportOf(read(url)), transport);
  });
}

void test('an address is shown without what may be secret', () => {
  const shown = [
    'postgres://keyfob:secret@db1:5432,db2/keyfob?password=secret',
    'postgres://keyfob:sec@ret@db/keyfob',
    'postgres://keyfob:sec/ret@db/keyfob',
  ].map(showPostgresUrl);
  assert.deepEqual(shown, ['postgres://db1:5432,db2/keyfob', 'postgres://db/keyfob', 'postgres://...']);
});
