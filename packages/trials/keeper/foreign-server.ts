import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A small authorization server that shares no code with ours. Its rules are those of servers in the field that differ from
 * ours: a repeat inside the overlap makes another pair, and may end the first one; a used token outside of it ends everything.
 */
export type ForeignServer = {
  readonly origin: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: string };
  /** A new grant, and its refresh token. */
  newGrant(): string;
  /** What happens to the next requests, one each; then nothing special. */
  readonly faults: ForeignFault[];
  readonly requests: ForeignRequest[];
  /** Whether the grant that was made last still lives. */
  isGrantAlive(): Promise<boolean>;
  close(): Promise<void>;
};

/** The answer is lost before or after the token was used, by a reset or by silence. */
export type ForeignFault =
  'none' | 'reset_before' | 'reset_after' | 'hang_before' | 'hang_after' | 'half_after';

/** One token request. */
export type ForeignRequest = {
  readonly token: string;
  readonly arrivedMs: number;
  endedMs: number | undefined;
  /** `used`: a new pair was made. `repeated`: another pair, inside the overlap. `refused`, or nothing was done. */
  verdict: 'none' | 'used' | 'repeated' | 'refused';
  /** Whether the whole answer left the server. */
  isAnswered: boolean;
};

/** What a used token is good for. */
export type ForeignRules = {
  readonly overlapMs: number;
  /** Whether a repeat ends the pair that the use before it made. */
  readonly endsEarlierPair: boolean;
  /** Whether a used token outside the overlap ends all tokens of its grant. */
  readonly punishes: boolean;
};

type Family = { isDead: boolean };
type Token = {
  readonly family: Family;
  usedMs: number | undefined;
  isEnded: boolean;
  child: string | undefined;
};

const CREDENTIALS = { clientId: 'fleet', clientSecret: 'secret-of-the-fleet' };
const BASIC = `Basic ${Buffer.from(`${CREDENTIALS.clientId}:${CREDENTIALS.clientSecret}`).toString('base64')}`;

export const openForeignServer = async (rules: ForeignRules): Promise<ForeignServer> => {
  const tokens = new Map<string, Token>();
  const requests: ForeignRequest[] = [];
  const faults: ForeignFault[] = [];
  let newest: Family = { isDead: false };

  const issue = (family: Family): string => {
    const text = randomBytes(12).toString('base64url');
    tokens.set(text, { family, usedMs: undefined, isEnded: false, child: undefined });
    return text;
  };

  const use = (text: string, nowMs: number): { verdict: ForeignRequest['verdict']; next?: string } => {
    const token = tokens.get(text);
    if (token === undefined || token.isEnded || token.family.isDead) return { verdict: 'refused' };
    if (token.usedMs !== undefined && nowMs - token.usedMs >= rules.overlapMs) {
      if (rules.punishes) token.family.isDead = true;
      return { verdict: 'refused' };
    }
    const isRepeat = token.usedMs !== undefined;
    const earlier = tokens.get(token.child ?? '');
    if (rules.endsEarlierPair && earlier !== undefined) earlier.isEnded = true;
    token.usedMs ??= nowMs;
    token.child = issue(token.family);
    return { verdict: isRepeat ? 'repeated' : 'used', next: token.child };
  };

  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const text = new URLSearchParams(body).get('refresh_token') ?? '';
    const fault = faults.shift() ?? 'none';
    const noted: ForeignRequest = {
      token: text,
      arrivedMs: performance.now(),
      endedMs: undefined,
      verdict: 'none',
      isAnswered: false,
    };
    requests.push(noted);
    response.on('finish', () => (noted.isAnswered = true));
    response.on('close', () => (noted.endedMs = performance.now()));
    if (fault === 'reset_before') return void request.socket.resetAndDestroy();
    if (fault === 'hang_before') return;
    if (request.headers.authorization !== BASIC) return send(response, 401, { error: 'invalid_client' });
    const { verdict, next } = use(text, performance.now());
    noted.verdict = verdict;
    if (fault === 'reset_after') return void request.socket.resetAndDestroy();
    if (fault === 'hang_after') return;
    if (next === undefined) return send(response, 400, { error: 'invalid_grant' });
    const pair = { access_token: randomBytes(9).toString('hex'), refresh_token: next, expires_in: 3600 };
    if (fault === 'half_after') {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': JSON.stringify(pair).length,
      });
      return void response.write(JSON.stringify(pair).slice(0, 60), () => request.socket.resetAndDestroy());
    }
    send(response, 200, pair);
  };

  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: CREDENTIALS,
    newGrant() {
      newest = { isDead: false };
      return issue(newest);
    },
    isGrantAlive: async () => !newest.isDead,
    faults,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const send = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
