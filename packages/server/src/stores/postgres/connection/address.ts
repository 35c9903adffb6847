import { OperatorError } from '../../../errors.ts';

/** How much of TLS is wanted, by the words of libpq that promise what they say. */
export const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** The database of `KEYFOB_STORE`, on one server or on several of which one is the primary. */
export type PostgresAddress = {
  /** One per host, in the order in which they are tried. */
  readonly hosts: readonly PostgresHost[];
  readonly tls: {
    readonly mode: TlsMode;
    /** The file of the authorities that sign the server's certificate; `undefined` for those that Node knows. */
    readonly rootFile: string | undefined;
    readonly certificateFile: string | undefined;
    readonly keyFile: string | undefined;
    /** TLS from the first byte, without asking the server in plain text first. */
    readonly isDirect: boolean;
  };
};

export type PostgresHost = {
  /** With its port, for people. */
  readonly name: string;
  /** For the driver: this host alone, without what the driver must not read. */
  readonly url: string;
  /** Whether the connection stays on this machine. */
  readonly isLocal: boolean;
};

const ADDRESS =
  /^(?<protocol>postgres(?:ql)?:\/\/)(?<user>(?:[^/?#]*@)?)(?<hosts>[^/?#@]*)(?<path>[^?#]*)(?:\?(?<query>[^#]*))?$/;
const FORM =
  'must be the address of a PostgreSQL database, postgres://USER:PASSWORD@HOST:PORT/DATABASE; several hosts are separated by commas';

/** What a parameter must be, for those that are read here and not by the driver. */
const CHECKS: Readonly<Record<string, (value: string) => string | undefined>> = {
  sslmode: (value) =>
    TLS_MODES.some((mode) => mode === value)
      ? undefined
      : value === 'prefer' || value === 'allow'
        ? `has sslmode=${value}, with which nobody knows whether a connection is encrypted; use ${TLS_MODES.join(', ')}`
        : `must have an sslmode of ${TLS_MODES.join(', ')}`,
  sslrootcert: () => undefined,
  sslcert: () => undefined,
  sslkey: () => undefined,
  sslnegotiation: (value) =>
    ['direct', 'postgres'].includes(value) ? undefined : 'must have an sslnegotiation of direct or postgres',
  target_session_attrs: (value) =>
    ['read-write', 'primary'].includes(value)
      ? undefined
      : 'must have target_session_attrs=read-write: only the primary decides whether a token is valid',
  ssl: () => `must say sslmode instead of ssl: ${TLS_MODES.join(', ')}`,
  uselibpqcompat: () => `must not have uselibpqcompat: sslmode means what it means to libpq`,
};

const LOOPBACK = /^(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]*)?$/;

/** Reads an address, or what is wrong with it. `environment` has what the address leaves open. */
export const readAddress = (
  url: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): PostgresAddress | { readonly fault: string } => {
  const parts = ADDRESS.exec(url)?.groups;
  if (parts === undefined) return { fault: FORM };
  const { protocol = '', user = '', path = '', query = '' } = parts;
  const own = new Map<string, string>();
  const passed = query.split('&').filter((pair) => {
    const [[name, value] = ['', '']] = new URLSearchParams(pair);
    if (Object.hasOwn(CHECKS, name)) own.set(name, value);
    return pair !== '' && !own.has(name);
  });
  for (const [name, value] of own) {
    const fault = CHECKS[name]?.(value);
    if (fault !== undefined) return { fault };
  }
  const rest = path + (passed.length === 0 ? '' : `?${passed.join('&')}`);
  const names = (parts['hosts'] ?? '').split(',');
  const given = new URLSearchParams(passed.join('&')).get('host');
  if (given !== null && (names.length > 1 || given.includes(',')))
    return { fault: 'must name several hosts before the database, not by host=' };
  const hosts = names.map((name) => {
    const effective = given ?? (name === '' ? (environment['PGHOST'] ?? 'localhost') : name);
    const isLocal = /^(?:\/|%2f)/i.test(effective) || LOOPBACK.test(effective);
    return { name: effective, url: `${protocol}${user}${name}${rest}`, isLocal };
  });
  if (!hosts.every((host) => URL.canParse(host.url)) || (hosts.length > 1 && names.includes('')))
    return { fault: FORM };
  return withTls(hosts, own, environment['PGSSLMODE']);
};

const withTls = (
  hosts: readonly PostgresHost[],
  own: ReadonlyMap<string, string>,
  fromEnvironment: string | undefined,
): PostgresAddress | { readonly fault: string } => {
  const wanted = own.get('sslmode') ?? fromEnvironment ?? 'disable';
  const mode = TLS_MODES.find((known) => known === wanted);
  if (mode === undefined)
    return { fault: `must have an sslmode of ${TLS_MODES.join(', ')}; PGSSLMODE is ${wanted}` };
  const root = own.get('sslrootcert');
  const rootFile = root === 'system' ? undefined : root;
  const isDirect = own.get('sslnegotiation') === 'direct';
  if (mode === 'disable' && (isDirect || own.has('sslrootcert') || own.has('sslcert') || own.has('sslkey')))
    return {
      fault: 'has parameters of TLS, so it must also have sslmode=verify-full or another mode of TLS',
    };
  if (mode === 'verify-ca' && rootFile === undefined)
    return {
      fault:
        'has sslmode=verify-ca, which accepts every name, so it must also name its own authority by sslrootcert; otherwise use verify-full',
    };
  const files = { certificateFile: own.get('sslcert'), keyFile: own.get('sslkey') };
  // As libpq does: who names an authority wants the certificate to be checked.
  const effective = mode === 'require' && rootFile !== undefined ? 'verify-ca' : mode;
  return { hosts, tls: { mode: effective, rootFile, ...files, isDirect } };
};

/** Whether somebody between a node and its database can read and change what they send. */
export type Transport =
  /** It stays on this machine. */
  | 'local'
  | 'plain'
  /** Encrypted, but to a server whose certificate is not checked: somebody in between could be it. */
  | 'unverified'
  /** Encrypted to a server that one authority has certified, under any name. */
  | 'of_authority'
  | 'verified';

const BY_MODE = {
  disable: 'plain',
  require: 'unverified',
  'verify-ca': 'of_authority',
  'verify-full': 'verified',
} as const satisfies Record<TlsMode, Transport>;

/** How the connections to this database are protected. */
export const transportOf = ({ hosts, tls }: PostgresAddress): Transport =>
  hosts.every(({ isLocal }) => isLocal) ? 'local' : BY_MODE[tls.mode];

/** The address in a form that may be shown: without user, password and options, any of which may be secret. */
export const showPostgresUrl = (url: string): string => {
  const { protocol, hosts, path } = ADDRESS.exec(url)?.groups ?? {};
  return protocol === undefined || 'fault' in readAddress(url)
    ? 'postgres://...'
    : `${protocol}${hosts}${path}`;
};

/** A command that works on files was given a database. */
export const notAFile = (url: string): OperatorError =>
  new OperatorError(
    'store_not_a_file',
    `${showPostgresUrl(url)}: the store is a PostgreSQL database, not a file`,
    'Use the tools of PostgreSQL: pg_dump and pg_restore for a copy, pg_basebackup with archived WAL (or what your provider offers) to restore any moment.',
  );
