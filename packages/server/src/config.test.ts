import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { parseConfig } from './config.ts';
import type { Config, ConfigSources } from './config.ts';
import { OperatorError } from './errors.ts';
import { environmentNameOf, settingNameOf } from './settings/names.ts';
import { SETTINGS } from './settings/settings.ts';
import type { Setting } from './settings/values.ts';

const parse = (sources: Partial<ConfigSources> = {}): Config =>
  parseConfig({ flags: {}, environment: {}, file: {}, ...sources });

/** The error for an invalid configuration. */
const errorOf = (sources: Partial<ConfigSources>): OperatorError => {
  try {
    parse(sources);
  } catch (error) {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.code, 'config_invalid');
    assert.ok(error.remedy !== '');
    return error;
  }
  assert.fail('the configuration was accepted');
};

void test('without any setting the defaults apply', () => {
  assert.deepEqual(parse(), {
    host: '127.0.0.1',
    port: 8787,
    adminHost: '127.0.0.1',
    operatorSignInScope: 'openid profile',
    operatorRoleClaim: 'roles',
    operatorClientsClaim: 'keyfob_clients',
    data: 'data',
    insecurePublicUrl: false,
    demo: false,
    requirePushedRequests: false,
    requireProofNonces: true,
    clientRegistration: false,
    signInScope: 'openid profile',
    trustClock: false,
    logLevel: 'info',
    bodyMaxBytes: 16_384,
    headersMaxBytes: 16_384,
    headersTimeoutSeconds: 10,
    requestTimeoutSeconds: 15,
    answerTimeoutSeconds: 60,
    keepAliveTimeoutSeconds: 75,
    requestsPerConnectionMax: 1_000_000,
    connectionsMax: 20_000,
    concurrentRequestsMax: 2000,
    forwardedHops: 0,
    authenticationFailuresPerAddressMax: 20,
    authenticationFailuresPerClientMax: 100,
    authenticationFailuresWindowSeconds: 60,
    ownerVisitsPerAddressMax: 300,
    ownerVisitsMax: 6000,
    grantEventDays: 30,
    endedGrantDays: 90,
    shutdownGraceSeconds: 10,
  });
});

void test('a parsed configuration is frozen', () => {
  assert.ok(Object.isFrozen(parse()));
});

const PRECEDENCE: readonly (readonly [string, Partial<ConfigSources>, number])[] = [
  ['the file before the default', { file: { port: 1 } }, 1],
  ['the environment before the file', { environment: { KEYFOB_PORT: '2' }, file: { port: 1 } }, 2],
  [
    'a flag before the environment',
    { flags: { port: '3' }, environment: { KEYFOB_PORT: '2' }, file: { port: 1 } },
    3,
  ],
  ['a flag before the file', { flags: { port: '3' }, file: { port: 1 } }, 3],
  [
    'the environment where a flag is not given',
    { flags: { port: undefined }, environment: { KEYFOB_PORT: '2' } },
    2,
  ],
  ['the file where a variable is not set', { environment: { KEYFOB_PORT: undefined }, file: { port: 1 } }, 1],
];

for (const [what, sources, port] of PRECEDENCE) {
  void test(`the port comes from ${what}`, () => {
    assert.equal(parse(sources).port, port);
  });
}

void test('settings of different sources are merged', () => {
  const config = parse({
    flags: { host: '::1' },
    environment: { KEYFOB_PORT: '0' },
    file: { logLevel: 'debug' },
  });
  assert.deepEqual([config.host, config.port, config.logLevel], ['::1', 0, 'debug']);
});

void test('every setting has an environment variable, in capitals with underscores', () => {
  const environment = {
    KEYFOB_HOST: '0.0.0.0',
    KEYFOB_PORT: '8080',
    KEYFOB_ADMIN_HOST: '::1',
    KEYFOB_ADMIN_PORT: '8081',
    KEYFOB_ADMIN_ALLOWED_HOSTS: 'keyfob-1,keyfob-2',
    KEYFOB_ADMIN_PUBLIC_URL: 'https://console.example',
    KEYFOB_OPERATOR_SIGN_IN_ISSUER: 'https://staff.example',
    KEYFOB_OPERATOR_SIGN_IN_CLIENT_ID: 'console',
    KEYFOB_OPERATOR_SIGN_IN_CLIENT_SECRET: 'console secret',
    KEYFOB_OPERATOR_SIGN_IN_SCOPE: 'openid groups',
    KEYFOB_OPERATOR_ROLE_CLAIM: 'groups',
    KEYFOB_OPERATOR_CLIENTS_CLAIM: 'apps',
    KEYFOB_OPERATOR_ROLES: 'keyfob-admins=admin,helpdesk=support',
    KEYFOB_DATA: 'elsewhere',
    KEYFOB_KEY_FILE: 'ring.txt',
    KEYFOB_SCOPES_FILE: 'scopes.json',
    KEYFOB_METADATA_DIALECT: 'oauth',
    KEYFOB_REQUIRE_PUSHED_REQUESTS: 'true',
    KEYFOB_REQUIRE_PROOF_NONCES: 'false',
    KEYFOB_INSECURE_PUBLIC_URL: 'true',
    KEYFOB_DEMO: 'true',
    KEYFOB_SIGN_IN_ISSUER: 'https://accounts.example/realm',
    KEYFOB_SIGN_IN_CLIENT_ID: 'keyfob',
    KEYFOB_SIGN_IN_CLIENT_SECRET: 'sign-in secret',
    KEYFOB_SIGN_IN_CLIENT_AUTHENTICATION: 'client_secret_post',
    KEYFOB_SIGN_IN_SCOPE: 'openid email',
    KEYFOB_VEHICLES_URL: 'http://vehicles.internal/list',
    KEYFOB_VEHICLES_TOKEN: 'vehicles token',
    KEYFOB_EGRESS_ALLOWED_RANGES: '10.0.0.0/8, fd00::1',
    KEYFOB_TRUST_CLOCK: 'true',
    KEYFOB_LOG_LEVEL: 'warn',
    KEYFOB_BODY_MAX_BYTES: '2048',
    KEYFOB_HEADERS_MAX_BYTES: '4096',
    KEYFOB_HEADERS_TIMEOUT_SECONDS: '3',
    KEYFOB_REQUEST_TIMEOUT_SECONDS: '4',
    KEYFOB_ANSWER_TIMEOUT_SECONDS: '13',
    KEYFOB_KEEP_ALIVE_TIMEOUT_SECONDS: '5',
    KEYFOB_REQUESTS_PER_CONNECTION_MAX: '6',
    KEYFOB_CONNECTIONS_MAX: '7',
    KEYFOB_CONCURRENT_REQUESTS_MAX: '8',
    KEYFOB_FORWARDED_HOPS: '1',
    KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX: '10',
    KEYFOB_AUTHENTICATION_FAILURES_PER_CLIENT_MAX: '11',
    KEYFOB_AUTHENTICATION_FAILURES_WINDOW_SECONDS: '12',
    KEYFOB_OWNER_VISITS_PER_ADDRESS_MAX: '14',
    KEYFOB_OWNER_VISITS_MAX: '15',
    KEYFOB_GRANT_EVENT_DAYS: '16',
    KEYFOB_ENDED_GRANT_DAYS: '17',
    KEYFOB_CLIENT_REGISTRATION: 'true',
    KEYFOB_SHUTDOWN_GRACE_SECONDS: '9',
  };
  assert.deepEqual(parse({ environment }), {
    host: '0.0.0.0',
    port: 8080,
    adminHost: '::1',
    adminPort: 8081,
    adminAllowedHosts: 'keyfob-1,keyfob-2',
    adminPublicUrl: 'https://console.example',
    operatorSignInIssuer: 'https://staff.example',
    operatorSignInClientId: 'console',
    operatorSignInClientSecret: 'console secret',
    operatorSignInScope: 'openid groups',
    operatorRoleClaim: 'groups',
    operatorClientsClaim: 'apps',
    operatorRoles: 'keyfob-admins=admin,helpdesk=support',
    data: 'elsewhere',
    keyFile: 'ring.txt',
    scopesFile: 'scopes.json',
    metadataDialect: 'oauth',
    requirePushedRequests: true,
    requireProofNonces: false,
    insecurePublicUrl: true,
    demo: true,
    signInIssuer: 'https://accounts.example/realm',
    signInClientId: 'keyfob',
    signInClientSecret: 'sign-in secret',
    signInClientAuthentication: 'client_secret_post',
    signInScope: 'openid email',
    vehiclesUrl: 'http://vehicles.internal/list',
    vehiclesToken: 'vehicles token',
    egressAllowedRanges: '10.0.0.0/8, fd00::1',
    trustClock: true,
    logLevel: 'warn',
    bodyMaxBytes: 2048,
    headersMaxBytes: 4096,
    headersTimeoutSeconds: 3,
    requestTimeoutSeconds: 4,
    answerTimeoutSeconds: 13,
    keepAliveTimeoutSeconds: 5,
    requestsPerConnectionMax: 6,
    connectionsMax: 7,
    concurrentRequestsMax: 8,
    forwardedHops: 1,
    authenticationFailuresPerAddressMax: 10,
    authenticationFailuresPerClientMax: 11,
    authenticationFailuresWindowSeconds: 12,
    ownerVisitsPerAddressMax: 14,
    ownerVisitsMax: 15,
    grantEventDays: 16,
    endedGrantDays: 17,
    clientRegistration: true,
    shutdownGraceSeconds: 9,
  });
});

const BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  port: [0, 65_535],
  adminPort: [0, 65_535],
  bodyMaxBytes: [1024, 1_048_576],
  headersMaxBytes: [1024, 131_072],
  requestTimeoutSeconds: [1, 600],
  keepAliveTimeoutSeconds: [1, 3600],
  requestsPerConnectionMax: [1, 1_000_000_000],
  connectionsMax: [1, 1_000_000],
  concurrentRequestsMax: [1, 1_000_000],
  forwardedHops: [0, 16],
  authenticationFailuresPerAddressMax: [0, 1_000_000],
  authenticationFailuresPerClientMax: [0, 1_000_000],
  authenticationFailuresWindowSeconds: [1, 86_400],
  grantEventDays: [0, 3650],
  endedGrantDays: [0, 36_500],
  shutdownGraceSeconds: [0, 600],
};

for (const [name, [least, greatest]] of Object.entries(BOUNDS)) {
  void test(`${name} is at least ${least} and at most ${greatest}`, () => {
    const file = { headersTimeoutSeconds: 1 };
    for (const value of [least, greatest, String(least), String(greatest)])
      assert.equal(parse({ file: { ...file, [name]: value } })[name as keyof Config], Number(value));
    assert.match(errorOf({ file: { ...file, [name]: least - 1 } }).message, new RegExp(`${name} must be `));
    assert.match(
      errorOf({ file: { ...file, [name]: greatest + 1 } }).message,
      new RegExp(`${name} must be at most`),
    );
    for (const value of ['', 'many', '1.5', '1e3', ' 2048', 2048.5, null, true, [2048]])
      assert.match(errorOf({ file: { ...file, [name]: value } }).message, new RegExp(`${name} must be `));
  });
}

void test('headersTimeoutSeconds is at least 1 and at most 300', () => {
  const file = { requestTimeoutSeconds: 600 };
  for (const value of [1, 300]) parse({ file: { ...file, headersTimeoutSeconds: value } });
  for (const value of [0, 301])
    assert.match(
      errorOf({ file: { ...file, headersTimeoutSeconds: value } }).message,
      /headersTimeoutSeconds/,
    );
});

void test('headersTimeoutSeconds is at most requestTimeoutSeconds', () => {
  const file = { headersTimeoutSeconds: 20 };
  assert.equal(parse({ file: { ...file, requestTimeoutSeconds: 20 } }).headersTimeoutSeconds, 20);
  assert.match(
    errorOf({ file: { ...file, requestTimeoutSeconds: 19 } }).message,
    /headersTimeoutSeconds must be at most requestTimeoutSeconds/,
  );
});

void test('the key ring is given as text, as a file or as a command, not as several', () => {
  assert.equal(parse({ environment: { KEYFOB_KEY: 'ring' } }).key, 'ring');
  assert.equal(parse({ flags: { keyFile: 'ring.txt' } }).keyFile, 'ring.txt');
  const both = { environment: { KEYFOB_KEY: 'ring' }, flags: { keyFile: 'ring.txt' } };
  assert.match(
    errorOf(both).message,
    /give one of KEYFOB_KEY, --key-file and KEYFOB_KEY_COMMAND, not several/,
  );
  const command = { environment: { KEYFOB_KEY: 'ring', KEYFOB_KEY_COMMAND: 'print-ring' } };
  assert.match(errorOf(command).message, /give one of KEYFOB_KEY, KEYFOB_KEY_FILE and KEYFOB_KEY_COMMAND/);
  assert.match(errorOf({ file: { key: 'a', keyFile: 'b' } }).message, /one of key, keyFile and keyCommand/);
  assert.equal(parse({ environment: { KEYFOB_KEY_COMMAND: 'print-ring' } }).keyCommand, 'print-ring');
});

void test('a fault names a setting as it was given: the flag, the variable, or the member of the file', () => {
  assert.match(errorOf({ flags: { port: 'x' } }).message, /: --port must be /);
  assert.match(errorOf({ environment: { KEYFOB_PORT: 'x' } }).message, /: KEYFOB_PORT must be /);
  assert.match(errorOf({ file: { port: 'x' } }).message, /: port must be /);
  assert.match(
    errorOf({ environment: { KEYFOB_SOCKET: '/run/keyfob.sock' } }).message,
    /: KEYFOB_SOCKET needs KEYFOB_PUBLIC_URL, because no URL leads to it/,
  );
});

const UNKNOWN: readonly (readonly [string, Partial<ConfigSources>, RegExp])[] = [
  ['a letter too few', { file: { prt: 1 } }, /unknown setting prt, did you mean port\?/],
  ['a letter too many', { file: { hostt: 'x' } }, /unknown setting hostt, did you mean host\?/],
  ['two letters swapped', { file: { dtaa: 'x' } }, /unknown setting dtaa, did you mean data\?/],
  [
    'other case',
    { file: { bodymaxbytes: 2048 } },
    /unknown setting bodymaxbytes, did you mean bodyMaxBytes\?/,
  ],
  [
    'a variable in the environment',
    { environment: { KEYFOB_LOGLEVEL: 'info' } },
    /unknown setting KEYFOB_LOGLEVEL, did you mean KEYFOB_LOG_LEVEL\?/,
  ],
  ['capitals', { file: { BODYMAXBYTES: 2048 } }, /unknown setting BODYMAXBYTES, did you mean bodyMaxBytes\?/],
  ['a flag', { flags: { keyfile: 'x' } }, /unknown setting keyfile, did you mean keyFile\?/],
  ['nothing near it', { file: { telemetryEndpoint: 'x' } }, /unknown setting telemetryEndpoint(?!,)/],
];

for (const [what, sources, message] of UNKNOWN) {
  void test(`an unknown setting with ${what} is reported, with the nearest known one if there is one`, () => {
    assert.match(errorOf(sources).message, message);
  });
}

void test('a name that every object has is an unknown setting too', () => {
  for (const name of ['constructor', 'toString', 'valueOf'])
    assert.match(errorOf({ file: { [name]: 'x' } }).message, new RegExp(`unknown setting ${name}`));
});

void test('every fault is reported at once', () => {
  const { message } = errorOf({ file: { port: -1, hots: 'x', logLevel: 'loud', telemetryEndpoint: 'y' } });
  for (const name of ['port', 'hots', 'logLevel', 'telemetryEndpoint'])
    assert.ok(message.includes(name), name);
});

void test('variables that Kubernetes sets for a service called keyfob are ignored', () => {
  const environment = {
    KEYFOB_SERVICE_HOST: '10.0.0.11',
    KEYFOB_SERVICE_PORT: '8787',
    KEYFOB_SERVICE_PORT_HTTP: '8787',
    KEYFOB_PORT: 'tcp://10.0.0.11:8787',
    KEYFOB_PORT_8787_TCP: 'tcp://10.0.0.11:8787',
    KEYFOB_PORT_8787_TCP_PROTO: 'tcp',
    KEYFOB_PORT_8787_TCP_PORT: '8787',
    KEYFOB_PORT_8787_TCP_ADDR: '10.0.0.11',
  };
  assert.deepEqual(parse({ environment }), parse());
});

void test('variables of other programs and KEYFOB_CONFIG are ignored', () => {
  const environment = {
    PATH: 'bin',
    PORT: '1',
    keyfob_port: '2',
    KEYFOBPORT: '3',
    KEYFOB_CONFIG: 'keyfob.json',
  };
  assert.deepEqual(parse({ environment }), parse());
});

const KEY = '1:1750000000:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

const LEAKS: readonly (readonly [string, Partial<ConfigSources>])[] = [
  ['the key with another setting wrong', { environment: { KEYFOB_KEY: KEY, KEYFOB_PORT: '-1' } }],
  ['the key and a key file', { environment: { KEYFOB_KEY: KEY, KEYFOB_KEY_FILE: 'ring.txt' } }],
  ['the key under a misspelt name', { environment: { KEYFOB_KEYS: KEY } }],
  ['the key in a list', { file: { key: [KEY] } }],
  ['the key as an object', { file: { key: { ring: KEY } } }],
  ['the key where the port belongs', { flags: { port: KEY } }],
  ['the key where the log level belongs', { flags: { logLevel: KEY } }],
  ['the key where a size belongs', { file: { bodyMaxBytes: KEY } }],
  ['the key where the host belongs, in a list', { file: { host: [KEY] } }],
];

for (const [what, sources] of LEAKS) {
  void test(`the error for an invalid configuration shows no values: ${what}`, () => {
    const error = errorOf(sources);
    const printed = [
      inspect(error, { depth: 5 }),
      error.message,
      error.remedy,
      error.stack,
      JSON.stringify(error),
    ];
    for (const text of printed) {
      assert.ok(!text?.includes('AAECAwQF'));
      assert.ok(!text?.includes('1750000000'));
    }
  });
}

for (const [setting, value] of [
  ['demo', 'yes'],
  ['signInIssuer', 'http://accounts.example'],
  ['signInIssuer', 'accounts'],
  ['signInScope', 'profile'],
  ['vehiclesUrl', 'file:///etc/passwd'],
  ['egressAllowedRanges', '10.0.0.0/33'],
] as const) {
  void test(`${setting} must not be ${value}`, () => {
    const file = { signInIssuer: 'https://accounts.example', signInClientId: 'keyfob', [setting]: value };
    assert.match(errorOf({ file }).message, new RegExp(setting));
  });
}

for (const issuer of [
  'http://127.0.0.1:4000',
  'http://localhost/realm',
  'http://[::1]:1',
  'https://a.example',
]) {
  void test(`owners may sign in at ${issuer}`, () => {
    assert.equal(parse({ file: { signInIssuer: issuer, signInClientId: 'keyfob' } }).signInIssuer, issuer);
  });
}

void test('signInIssuer and signInClientId are set together', () => {
  assert.match(errorOf({ file: { signInIssuer: 'https://a.example' } }).message, /signInClientId/);
  assert.match(errorOf({ file: { signInClientId: 'keyfob' } }).message, /signInIssuer/);
});

for (const [publicUrl, isSafe] of [
  ['https://auth.example', true],
  ['http://127.0.0.1:8787/fob', true],
  ['http://[::1]:8787', true],
  ['http://localhost', true],
  ['http://auth.example', false],
  ['http://192.0.2.7:8787', false],
  ['http://localhost.example', false],
] as const)
  void test(`the public URL ${publicUrl} ${isSafe ? 'is good' : 'has to be insisted on'}`, () => {
    if (isSafe) assert.equal(parse({ file: { publicUrl } }).publicUrl, publicUrl);
    else
      assert.match(errorOf({ file: { publicUrl } }).message, /publicUrl must use https.*insecurePublicUrl/);
    assert.equal(parse({ file: { publicUrl, insecurePublicUrl: true } }).publicUrl, publicUrl);
  });

void test('adminPublicUrl is the URL of a host, whose slash at the end is removed', () => {
  for (const [given, read] of [
    ['https://ops.example/', 'https://ops.example'],
    ['https://OPS.example:8443', 'https://ops.example:8443'],
    ['http://127.0.0.1:8788/', 'http://127.0.0.1:8788'],
  ] as const)
    assert.equal(parse({ file: { adminPublicUrl: given } }).adminPublicUrl, read);
  for (const given of ['https://ops.example/keyfob', 'https://ops.example/?a=b', 'https://ops.example/#x'])
    assert.match(
      errorOf({ file: { adminPublicUrl: given } }).message,
      /adminPublicUrl must be the URL of a host/,
    );
  assert.match(errorOf({ file: { adminPublicUrl: 'http://ops.example' } }).message, /must be an https URL/);
});

for (const publicUrl of [
  'https://AUTH.example',
  'https://auth.example:443',
  'http://localhost:80',
  'https://auth.example/a/../b',
  'https://auth.example/./b/',
  'https://자동차.example',
  'https://0x7f.1',
])
  void test(`the public URL ${publicUrl} is refused, because clients read another address from it`, () => {
    assert.match(errorOf({ file: { publicUrl } }).message, /publicUrl must be written as browsers write it/);
  });

void test('a parsed configuration parses to itself', () => {
  const config = parse({ file: { publicUrl: 'https://auth.example/', port: '1', demo: 'true' } });
  assert.deepEqual(parse({ flags: config }), config);
});

for (const [name, { flag }] of Object.entries<Setting>(SETTINGS))
  void test(`a fault of ${name} names it as it was given: by its variable, its flag or its member`, () => {
    const variable = environmentNameOf(name);
    const option = flag?.split(' ')[0] ?? name;
    for (const [sources, given] of [
      [{ environment: { [variable]: '' } }, variable],
      [{ flags: { [name]: '' } }, option],
      [{ file: { [name]: '' } }, name],
    ] as const) {
      const { message } = errorOf(sources);
      assert.ok(message.startsWith(`the configuration is invalid: ${given} must `), message);
    }
  });

for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
  void test(`${name} is described for people, and its flag and variable are named after it`, () => {
    assert.match(setting.effect, /^[A-Z][^]*\.$/);
    assert.notEqual(setting.values, '');
    const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (setting.flag !== undefined) assert.match(setting.flag, new RegExp(`^--${kebab}( <[a-z]+>)?$`));
    assert.equal(settingNameOf(environmentNameOf(name)), name);
  });
}
