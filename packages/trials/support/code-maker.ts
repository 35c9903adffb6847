import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import type { AuthorizationCode } from '@keyfob/server/grants';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { parseKeyRing, sealCode } from '@keyfob/server/tokens';
import type { FixtureDialect } from './dialect-name.ts';

/** What an owner agreed to, as far as it matters to a case. */
export type Agreed = Partial<
  Pick<AuthorizationCode, 'redirectUri' | 'codeChallenge' | 'brand' | 'subject' | 'scope' | 'vehicles'>
> & {
  readonly clientId: string;
  /** How long ago; 0 where not given. */
  readonly ageSeconds?: number;
};

/** Makes what an owner's consent leaves behind, beside a server that runs on the same data directory. */
export type CodeMaker = {
  /** A code of the dialect's form, kept for its client. */
  makeCode(dialect: FixtureDialect, agreed: Agreed): Promise<string>;
  /** Registers a public client of a dialect, Smartcar's where not given; answers its id. */
  makePublicClient(policy?: Partial<Policy>, dialect?: FixtureDialect): Promise<string>;
  /** Registers `REDIRECT_URI` for a client. */
  registerRedirect(clientId: string): Promise<void>;
  close(): Promise<void>;
};

/** Where every code leads that asks for nothing else. */
export const REDIRECT_URI = 'https://app.example/callback';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** On the store of a data directory, or another with the directory's keys. */
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
        issuedAt: nowSeconds() - ageSeconds,
        subject: 'owner-1',
        scope: 'read_odometer',
        brand: undefined,
        vehicles: [],
        ...agreed,
      };
      const made = await store.createCode(code);
      if (made !== 'created') throw new Error(`the code was not made: ${made}`);
      return sealCode(ring.newest, DIALECTS[dialect].shapes.code, code);
    },
    async makePublicClient(policy = {}, dialect = 'smartcar') {
      const id = randomUUID();
      const made = await store.createClient({
        id,
        dialect,
        type: 'public',
        name: '',
        redirectUris: [REDIRECT_URI],
        consentRedirectUri: undefined,
        policy: { ...DIALECTS[dialect].defaultPolicy, ...policy },
        createdAt: nowSeconds(),
        disabledAt: undefined,
        secrets: [],
      });
      if (made !== 'created') throw new Error(`the client was not made: ${made}`);
      return id;
    },
    async registerRedirect(clientId) {
      const changed = await store.changeClient(clientId, { redirectUris: [REDIRECT_URI] });
      if (changed !== 'changed') throw new Error('the client was not changed');
    },
    close: () => store.close(),
  };
};
