import assert from 'node:assert/strict';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { fetchOver } from './file.ts';
import type { Suite } from './file.ts';
import { createProver, digest, seconds, signJwt } from './jwt.ts';
import type { Changes, Fields, Json, Prover } from './jwt.ts';

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Json };

/** How the clients of a plan authenticate, and what their tokens are bound to. */
export type Variant = { readonly auth: 'private_key_jwt' | 'mtls'; readonly constraint: 'dpop' | 'mtls' };

/** One of the two clients of a file: what it sends, without a library. */
export const createSuiteClient = async (
  suite: Suite,
  ca: string,
  { auth, constraint }: Variant,
  index: 0 | 1,
) => {
  const about = [suite.client, suite.client2][index] ?? assert.fail();
  const certificate = [suite.mtls, suite.mtls2][index] ?? assert.fail();
  const isCertified = auth === 'mtls' || constraint === 'mtls';
  const plain = fetchOver(ca);
  const metadata = (await (await plain(suite.server.discoveryUrl)).json()) as Record<string, unknown>;
  const issuer = String(metadata['issuer']);
  const aliases = isCertified ? (metadata['mtls_endpoint_aliases'] as Record<string, string>) : {};
  const endpoint = (name: string): string => aliases[name] ?? String(metadata[name]);
  const [jwk] = about.jwks.keys;
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const prover = createProver();

  const assertion = ({ header, claims }: Changes = {}): string =>
    signJwt(
      key,
      jwk.alg,
      { kid: jwk.kid, ...header },
      {
        iss: about.client_id,
        sub: about.client_id,
        aud: issuer,
        jti: randomUUID(),
        iat: seconds(),
        nbf: seconds(),
        exp: seconds() + 60,
        ...claims,
      },
    );
  const authenticated = (changes?: Changes): Fields =>
    auth === 'mtls'
      ? { client_id: about.client_id }
      : {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion(changes),
        };

  /** Sends a form to an endpoint by its name in metadata. */
  const post = async (
    name: string,
    fields: Fields,
    { proof, shows = isCertified, method = 'POST' }: Sending = {},
  ): Promise<Answer> => {
    const form = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const response = await (shows ? fetchOver(ca, certificate) : plain)(endpoint(name), {
      method,
      body: new URLSearchParams(form).toString(),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        ...(proof === undefined || proof === '' ? {} : { DPoP: proof }),
      },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  };

  /** Calls the protected resource as a careful client does, but for what `changes` has. */
  const call = async (
    accessToken: unknown,
    changes: Changes & { readonly headers?: Readonly<Record<string, string>>; readonly proof?: string } = {},
    { query = '', scheme = constraint === 'dpop' ? 'DPoP' : 'Bearer', by = prover }: Calling = {},
  ): Promise<Answer> => {
    const url = suite.resource.resourceUrl;
    const claims = { ath: digest(String(accessToken)), ...changes.claims };
    const proof = changes.proof ?? by.prove('GET', url, { ...changes, claims });
    const response = await (constraint === 'mtls' ? fetchOver(ca, certificate) : plain)(`${url}${query}`, {
      headers: {
        ...(scheme === '' ? {} : { Authorization: `${scheme} ${String(accessToken)}` }),
        ...(constraint === 'dpop' && proof !== '' ? { DPoP: proof } : {}),
        ...changes.headers,
      },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  };

  /** A request in which only what binds is left out: a client that authenticates by its certificate still shows it. */
  const unbound: Sending = { proof: '', shows: auth === 'mtls' && constraint === 'dpop' };

  return { about, issuer, metadata, plain, endpoint, prover, assertion, authenticated, post, call, unbound };
};

export type Sending = {
  /** The header `DPoP`; the usual proof of an endpoint where absent, none where empty. */
  readonly proof?: string | undefined;
  /** Whether the client shows its certificate. */
  readonly shows?: boolean;
  readonly method?: 'POST' | 'PUT';
};
type Calling = { readonly query?: string; readonly scheme?: string; readonly by?: Prover };
