import type { Client } from './client.ts';

/**
 * The origins of redirect URIs, from which the scripts of a client may call it. The URI of an app with a scheme of its own has none.
 *
 * @see RFC 6454 §4
 */
export const originsOf = (redirectUris: readonly string[]): readonly string[] =>
  redirectUris.flatMap((uri) => {
    const url = URL.canParse(uri) ? new URL(uri) : undefined;
    return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : [];
  });

/** Whether scripts of an origin may read what the client gets. A client with a secret has no scripts: its secret would be public. */
export const hasScriptsAt = (
  { type, redirectUris }: Pick<Client, 'type' | 'redirectUris'>,
  origin: string,
): boolean => type === 'public' && originsOf(redirectUris).includes(origin);
