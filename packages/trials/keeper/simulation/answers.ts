import type { Exchange } from '@keyfob/keeper';
import type { Prng } from '../../support/prng.ts';
import type { Token } from './virtual-provider.ts';

export const ACCESS_SECONDS = 120;

/** An answer that arrives whole. */
export const answered = (status: number, body: string, headers: Record<string, string> = {}): Exchange => ({
  kind: 'answered',
  status,
  headers,
  body,
});

/** A success with both tokens. */
export const pairText = ({ text }: Token): string =>
  JSON.stringify({ access_token: `access-${text}`, refresh_token: text, expires_in: ACCESS_SECONDS });

/** A success whose access token no header can hold. Its refresh token is good. */
export const halfUsableText = ({ text }: Token, chance: Prng): string =>
  JSON.stringify({
    access_token: chance.pick(['', null, `access\n${text}`, { value: `access-${text}` }]),
    refresh_token: text,
    expires_in: ACCESS_SECONDS,
  });

/** The page of a firewall. */
export const firewallPage = (chance: Prng): Exchange =>
  answered(chance.pick([403, 406]), '<html>Request blocked</html>', { 'content-type': 'text/html' });
