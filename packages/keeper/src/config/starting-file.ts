import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KeeperError } from '../errors.ts';
import { PROVIDER_NAMES } from '../providers/vendors.ts';
import { SETTINGS_FILE } from './settings.ts';

/** What a first deployment is asked for. */
export type StartingChoices = {
  readonly directory: string;
  readonly provider: (typeof PROVIDER_NAMES)[number];
  /** The name of the client in the keeper. */
  readonly client: string;
  readonly clientId: string | undefined;
  /** `undefined` for `KEEPER_KEY`. */
  readonly keyFile: string | undefined;
};

/** What was written, and the variable that is still needed. */
export type Started = {
  readonly settingsFile: string;
  readonly keyFile: string | undefined;
  readonly secretVariable: string;
};

/** Writes a settings file with comments, and a new key for this user only. Nothing that exists is written over. */
export const writeStartingFiles = (choices: StartingChoices): Started => {
  const settingsFile = join(choices.directory, SETTINGS_FILE);
  const keyFile = choices.keyFile === undefined ? undefined : resolve(choices.directory, choices.keyFile);
  for (const path of [settingsFile, keyFile])
    if (path !== undefined && existsSync(path))
      throw new KeeperError('file_exists', `${path} exists`, 'It is not written over: move it away first.');
  const secretVariable = `${choices.client.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_CLIENT_SECRET`;
  if (keyFile !== undefined) writeNew(keyFile, `${randomBytes(32).toString('base64url')}\n`);
  writeNew(settingsFile, renderSettings(choices, secretVariable));
  return { settingsFile, keyFile, secretVariable };
};

/** The file must not exist: it may hold the only copy of a key. */
const writeNew = (path: string, content: string): void => {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

const renderSettings = (
  { provider, client, clientId, keyFile }: StartingChoices,
  secretVariable: string,
): string => `{
  // A SQLite file on a local disk. For several machines set KEEPER_STORE to postgres://USER:PASSWORD@HOST/DATABASE.
  "store": "./keeper.db",
${
  keyFile === undefined
    ? '  // The key comes from the environment variable KEEPER_KEY.'
    : `  // Without this key the tokens cannot be read. Back it up, in another place than the store.
  "keyFile": ${JSON.stringify(keyFile)},`
}
  "clients": {
    // The name that "put" uses. One client per set of credentials.
    ${JSON.stringify(client)}: {
      "provider": ${JSON.stringify(provider)}, // ${PROVIDER_NAMES.join(', ')}
${provider === 'oauth' ? '      "url": "https://auth.example/token", // the token endpoint\n' : ''}      "clientId": ${JSON.stringify(clientId ?? 'YOUR-CLIENT-ID')},
      // Secrets do not stand here: { "env": "NAME" } or { "file": "PATH" }; a list while a secret changes, the current one first.
      "clientSecret": { "env": ${JSON.stringify(secretVariable)} }
      // "origin": "http://127.0.0.1:8788" sends to the sandbox instead of the provider.
    }
  }
  // , "reconnectUrl": "https://app.example/connect/{name}" is shown where an owner must consent again.
}
`;
