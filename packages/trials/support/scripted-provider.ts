import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';

/** Answers a request instead of the provider. */
type Answer = (response: ServerResponse) => void;

/**
 * An OpenID Connect provider in this process that errs as a test says. It signs everybody in without a prompt, and checks
 * nothing: what it is asked is in `asked`.
 */
export type ScriptedProvider = {
  readonly issuer: string;
  readonly clientId: string;
  /** Path and query of every request, in order. */
  readonly asked: readonly string[];
  /** The forms that its token endpoint got. */
  readonly forms: readonly URLSearchParams[];
  /** Instead of what it answers at a path. */
  readonly answers: Map<string, Answer>;
  /** Of the ID token, besides those that every ID token has. A claim that is `undefined` is left out. */
  claims: Readonly<Record<string, unknown>>;
  /** Changes its metadata. */
  metadata: Readonly<Record<string, unknown>>;
  /** Makes the ID token; by default with the present key. */
  sign: (claims: JWTPayload) => Promise<string> | string;
  /** Changes the answer that the browser takes back. */
  alterAnswer: (answer: URLSearchParams) => void;
  /** From now on another key signs, and is the only one that it publishes. */
  rotateKey(): Promise<void>;
  /** Stops listening, and ends what is open. */
  stop(): Promise<void>;
  /** Listens at the same address again. */
  start(): Promise<void>;
  close(): Promise<void>;
};

const HOUR_SECONDS = 3600;

const answerJson =
  (body: unknown): Answer =>
  (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export const answerStatus =
  (status: number, body = '<html>away</html>'): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end(body);

export const openScriptedProvider = async (): Promise<ScriptedProvider> => {
  const asked: string[] = [];
  const forms: URLSearchParams[] = [];
  const nonces = new Map<string, string>();
  let key = await makeKey();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', provider.issuer);
    asked.push(`${url.pathname}${url.search}`);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      void answerTo(url, form).then((answer) => (provider.answers.get(url.pathname) ?? answer)(response));
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;

  const answerTo = async (url: URL, form: URLSearchParams): Promise<Answer> => {
    if (url.pathname === '/.well-known/openid-configuration')
      return answerJson({ ...metadataOf(issuer), ...provider.metadata });
    if (url.pathname === '/jwks') return answerJson({ keys: [key.published] });
    if (url.pathname === '/authorize') return authorize(url.searchParams);
    if (url.pathname !== '/token') return answerStatus(404);
    forms.push(form);
    const nonce = nonces.get(form.get('code') ?? '');
    if (nonce === undefined) return answerInvalidGrant;
    nonces.delete(form.get('code') ?? '');
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      sub: 'desk',
      aud: provider.clientId,
      iat: nowSeconds,
      exp: nowSeconds + HOUR_SECONDS,
      nonce,
      ...provider.claims,
    };
    const idToken = await provider.sign(claims);
    return answerJson({ access_token: 'opaque', token_type: 'Bearer', id_token: idToken });
  };

  const authorize = (query: URLSearchParams): Answer => {
    const code = `code-${forms.length}-${nonces.size}-${asked.length}`;
    nonces.set(code, query.get('nonce') ?? '');
    const answer = new URLSearchParams({ code, state: query.get('state') ?? '', iss: issuer });
    provider.alterAnswer(answer);
    const location = `${query.get('redirect_uri') ?? ''}?${answer.toString()}`;
    return (response) => void response.writeHead(302, { location }).end();
  };

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const provider: ScriptedProvider = {
    issuer,
    clientId: 'keyfob-console',
    asked,
    forms,
    answers: new Map(),
    claims: {},
    metadata: {},
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(key.secret),
    alterAnswer() {},
    async rotateKey() {
      key = await makeKey();
    },
    stop,
    start: () => listen(port),
    close: () => (server.listening ? stop() : Promise.resolve()),
  };
  return provider;
};

const answerInvalidGrant: Answer = (response) =>
  void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');

const makeKey = async () => {
  const { publicKey, privateKey: secret } = await generateKeyPair('ES256');
  const kid = crypto.randomUUID();
  return { kid, secret, published: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
};

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  // More than are safe, so that the safe ones are not chosen for want of others.
  id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
});
