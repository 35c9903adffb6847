import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { JWKS_MAX_BYTES } from '../../exports/clients.ts';
import type { Client } from '../../exports/clients.ts';
import { OperatorError } from '../../exports/errors.ts';

/** The options for the public keys of a client. */
export type KeyOptions = { readonly jwks?: string; readonly jwksUri?: string };

/** What the operations take. `null` removes the keys, which only `set` offers. */
type KeyFields = { readonly jwks?: string | null; readonly jwksUri?: string | null };

/** `remove`: how the keys are removed, for the help; empty where there are none yet. */
export const withKeyOptions = (command: Command, remove: '' | '; none to remove them'): Command =>
  command
    .option(
      '--jwks <file>',
      `the public keys by which the client authenticates, a JWK set (RFC 7517)${remove}`,
    )
    .option('--jwks-uri <url>', `where the client publishes its public keys (https)${remove}`);

const NONE = 'none';

/** Reads the options. Throws `OperatorError`. */
export const readKeyOptions = async ({ jwks, jwksUri }: KeyOptions): Promise<KeyFields> => ({
  ...(jwks === undefined ? {} : { jwks: jwks === NONE ? null : await readJwks(jwks) }),
  ...(jwksUri === undefined ? {} : { jwksUri: jwksUri === NONE ? null : jwksUri }),
});

const readJwks = async (path: string): Promise<string> => {
  const remedy = `Pass a file of at most ${JWKS_MAX_BYTES} bytes that holds a JWK set, such as {"keys": [...]}.`;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > JWKS_MAX_BYTES) break;
    }
  } catch (cause) {
    throw new OperatorError('jwks_unreadable', `${path} cannot be read`, remedy, { cause });
  }
  if (bytes > JWKS_MAX_BYTES) throw new OperatorError('jwks_unreadable', `${path} is too large`, remedy);
  return Buffer.concat(chunks).toString('utf8');
};

/** The keys of a client for people, one row per key. */
export const keyRows = ({ keys }: Pick<Client, 'keys'>): readonly (readonly [string, string])[] => {
  if (keys === undefined) return [];
  if ('jwksUri' in keys) return [['keys at', keys.jwksUri]];
  return keys.jwks.map(({ kty, crv, kid, alg }) => [
    'key',
    [kid ?? 'without kid', [kty, crv].filter(Boolean).join(' '), alg].filter(Boolean).join(', '),
  ]);
};
