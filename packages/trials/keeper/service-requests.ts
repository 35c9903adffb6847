import { createGrantIn } from '@keyfob/sandbox';
import type { ServiceAnswer } from './ask-service.ts';
import type { ServedWorld } from './service-world.ts';

/** The path of an access token. */
export const tokenOf = (name: string): string => `/v1/tokens/${encodeURIComponent(name)}`;
/** The path of a connection. */
export const grantOf = (name: string, more = ''): string => `/v1/grants/${encodeURIComponent(name)}${more}`;
/** Where owners consent again. */
export const RECONNECT = { reconnectUrl: 'https://app.example/connect?car={name}' };

/** A new grant of the sandbox, as the body of a put. */
export const newPair = async ({ world }: Pick<ServedWorld, 'world'>): Promise<Record<string, string>> => {
  const { refreshToken } = await createGrantIn(world, { client: 'smartcar' });
  return { client: 'cars', refresh_token: refreshToken };
};

/** The status and the kind of a problem. */
export const problemOf = ({ status, body }: ServiceAnswer): string =>
  `${status} ${String(body['type']).replace('urn:keyfob:keeper:', '')}`;

/** The code of what is wrong with a row. */
export const codeOf = (line: Record<string, unknown> | undefined): string | undefined =>
  (line?.['error'] as { readonly code: string } | undefined)?.code;

/** The lines of an answer, each of them JSON. */
export const linesOf = ({ text }: ServiceAnswer): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
