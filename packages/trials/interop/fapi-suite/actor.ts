import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createPlainBrowser } from '../../connect/plain-browser.ts';
import type { PlainBrowser } from '../../connect/plain-browser.ts';
import { answerOf, moveBrowser } from './browser.ts';
import { createSuiteClient } from './client.ts';
import type { Answer, Sending, Variant } from './client.ts';
import type { Suite } from './file.ts';
import { digest } from './jwt.ts';
import type { Changes, Fields, Json } from './jwt.ts';

/** What a client of a file and its owner do, step by step, as a suite does it. */
export const createSuiteActor = async (suite: Suite, ca: string, variant: Variant, index: 0 | 1) => {
  const client = await createSuiteClient(suite, ca, variant, index);
  const { about, authenticated, endpoint, issuer, metadata, plain, post, prover } = client;
  const { auth, constraint } = variant;
  const verifier = digest(randomUUID());

  const request: Fields = {
    response_type: 'code',
    client_id: about.client_id,
    redirect_uri: about.redirect_uri,
    scope: about.scope,
    state: 'st',
    code_challenge: digest(verifier),
    code_challenge_method: 'S256',
  };
  const tokenUrl = endpoint('token_endpoint');
  const proofOf = (changes?: Changes): string | undefined =>
    constraint === 'dpop' ? prover.prove('POST', tokenUrl, changes) : undefined;

  const push = (fields: Fields = {}, sending: Sending = {}, changes?: Changes): Promise<Answer> =>
    post(
      'pushed_authorization_request_endpoint',
      { ...request, ...authenticated(changes), ...fields },
      { shows: auth === 'mtls', ...sending },
    );
  const token = (fields: Fields, sending: Sending = {}, changes?: Changes): Promise<Answer> =>
    post('token_endpoint', { ...authenticated(changes), ...fields }, { proof: proofOf(), ...sending });

  const visitUrl = (requestUri: unknown, more: Fields = {}): string => {
    const fields = { client_id: about.client_id, request_uri: String(requestUri), ...more };
    const sent = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `${String(metadata['authorization_endpoint'])}?${new URLSearchParams(sent).toString()}`;
  };
  const newBrowser = (): PlainBrowser => createPlainBrowser(plain);

  /** Sends the owner on, who agrees; answers the parameters of the callback. */
  const agree = async (at: string, browser = newBrowser()): Promise<Json> => {
    const page = await browser.follow(at, issuer);
    return answerOf(await moveBrowser(browser, page, suite.browser, about.redirect_uri));
  };
  const codeFrom = async (fields?: Fields, sending?: Sending): Promise<string> => {
    const { status, body } = await push(fields, sending);
    assert.equal(status, 201, JSON.stringify(body));
    const back = await agree(visitUrl(body['request_uri']));
    assert.equal(back['iss'], issuer, JSON.stringify(back));
    return String(back['code']);
  };
  const redeem = (code: string, fields: Fields = {}, sending: Sending = {}, changes?: Changes) =>
    token(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: about.redirect_uri,
        code_verifier: verifier,
        ...fields,
      },
      sending,
      changes,
    );
  const refresh = (refreshToken: unknown, fields: Fields = {}, sending: Sending = {}) =>
    token(
      { grant_type: 'refresh_token', refresh_token: String(refreshToken), scope: about.scope, ...fields },
      sending,
    );

  return {
    ...client,
    suite,
    request,
    push,
    token,
    proofOf,
    visitUrl,
    newBrowser,
    agree,
    codeFrom,
    redeem,
    refresh,
  };
};
export type SuiteActor = Awaited<ReturnType<typeof createSuiteActor>>;
