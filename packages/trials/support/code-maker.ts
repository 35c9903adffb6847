import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import type { AuthorizationCode } from '@keyfob/server/grants';
import { toMillis, toSeconds } from '@keyfob/server/grants';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { parseKeyRing, sealCode } from '@keyfob/server/tokens';
import type { FixtureDialect } from './dialect-name.ts';

/** The parts of an owner's consent that matter to a case. */
export type Agreed = Partial<
  Pick<AuthorizationCode, 'redirectUri' | 'codeChallenge' | 'brand' | 'subject' | 'scope' | 'vehicles'>
> & {
  readonly clientId: string;
  /** The age of the consent; 0 by default. */
  readonly ageSeconds?: number;
};

/** Creates codes as an owner's consent does, while a server runs on the same data directory. */
export type CodeMaker = {
  /** Creates and stores a code in the dialect's form. */
  makeCode(dialect: FixtureDialect, agreed: Agreed): Promise<string>;
  /** Registers a public client of a dialect (by default `smartcar`). Returns its id. */
  makePublicClient(policy?: Partial<Policy>, dialect?: FixtureDialect): Promise<string>;
  /** Registers `REDIRECT_URI` for a client. */
  registerRedirect(clientId: string): Promise<void>;
  close(): Promise<void>;
};

/** The default redirect URI of codes. */
export const REDIRECT_URI = 'https://app.example/callback';

/** A scope that clients of the dialect may have. */
const scopeOf = (dialect: FixtureDialect): string => {
  const { scopes } = DIALECTS[dialect];
  const names = scopes.filter(({ kind }) => kind === 'read').map(({ name }) => name);
  return names.find((name) => name === 'read_odometer') ?? names[0] ?? 'read_odometer';
};

/** Uses the store of a data directory, or another store with the keys of the directory. */
export const openCodeMaker = (
  dataDirectory: string,
  store: Store = openSqliteStore(join(dataDirectory, 'keyfob.db')),
): CodeMaker => {
  const ring = parseKeyRing(readFileSync(join(dataDirectory, 'keyfob.key'), 'utf8'));
  return {
    async makeCode(dialect, { clientId, ageSeconds = 0, ...agreed }) {
      const code: AuthorizationCode = {
        grantId: randomBytes(8).readBigInt64BE(),
        clientId,
        redirectUri: REDIRECT_URI,
        codeChallenge: undefined,
        issuedAtMs: Date.now() - toMillis(ageSeconds),
        subject: 'owner-1',
        scope: scopeOf(dialect),
        brand: undefined,
        vehicles: [],
        ...agreed,
      };
      const outcome = await store.createCode(code);
      if (outcome !== 'created') throw new Error(`the code was not created: ${outcome}`);
      return sealCode(ring.seal.active, DIALECTS[dialect].shapes.code, {
        grantId: code.grantId,
        issuedAt: toSeconds(code.issuedAtMs),
      });
    },
    async makePublicClient(policy = {}, dialect = 'smartcar') {
      const id = randomUUID();
      const outcome = await store.createClient({
        id,
        dialect,
        type: 'public',
        name: '',
        redirectUris: [REDIRECT_URI],
        consentRedirectUri: undefined,
        policy: { ...DIALECTS[dialect].defaultPolicy, ...policy },
        createdAtMs: Date.now(),
        disabledAtMs: undefined,
        secrets: [],
      });
      if (outcome !== 'created') throw new Error(`the client was not created: ${outcome}`);
      return id;
    },
    async registerRedirect(clientId) {
      const changed = await store.changeClient(clientId, { redirectUris: [REDIRECT_URI] });
      if (changed !== 'changed') throw new Error('the client was not changed');
    },
    close: () => store.close(),
  };
};
