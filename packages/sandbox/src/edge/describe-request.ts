import type { WireRequest } from '@keyfob/server/wire';
import type { RequestFacts } from '../faults/armed-faults.ts';
import { GRANT_TYPES } from '../faults/fault.ts';
import { identifyToken } from '../grants/identify-token.ts';
import { nameOfIdentified } from '../grants/token-names.ts';
import type { SentParts } from '../journal/entry.ts';
import type { NewEntry } from '../journal/journal.ts';
import { presentedToken } from '../journal/read-request.ts';
import type { SentRequest } from '../journal/read-request.ts';
import { redact } from '../journal/redact.ts';
import type { World } from '../worlds/world.ts';
import { dialectOf, endpointOf } from './endpoint-of.ts';

type Begun = Omit<NewEntry, 'requestId' | 'faults'>;

/** What a request is, for the faults that may happen to it and for the journal, before the server sees it. */
export const describeRequest = async (
  world: World,
  request: WireRequest,
  sent: SentRequest,
): Promise<{ readonly facts: RequestFacts; readonly entry: Begun }> => {
  const { method, path, headers } = request;
  const { basePath, clients, clock, grants, tokens } = world;
  const inWorld = path.startsWith(basePath) ? path.slice(basePath.length) : path;
  const text = presentedToken(sent);
  const found = text === undefined ? undefined : await identifyToken(tokens, text);
  const facts = {
    endpoint: endpointOf(inWorld),
    grantType: grantTypeOf(sent),
    dialect: dialectOf(inWorld),
    client: sent.clientId === undefined ? undefined : clients.findById(sent.clientId)?.name,
    grant: found === undefined || !grants.has(found.grantId) ? undefined : grants.nameOf(found.grantId),
  };
  return {
    facts,
    entry: {
      endpoint: facts.endpoint,
      grantType: facts.grantType,
      client: facts.client,
      grant: facts.grant,
      atMs: clock.now(),
      method,
      path: redact(inWorld),
      token: text === undefined ? undefined : nameOfIdentified(grants, found),
      sent: describeSent(request, sent),
      userAgent: redact(headers['user-agent'] ?? ''),
      verdict: 'none',
      because: undefined,
      says: 'Not answered yet.',
      isCommitted: false,
      answer: undefined,
      delivered: 'pending',
      deliveredBytes: undefined,
      tookMs: undefined,
    },
  };
};

const KNOWN_GRANT_TYPES: ReadonlySet<string> = new Set(GRANT_TYPES);
/** RFC 8628 §3.4. */
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Pleos says it by its path and by the member that it needs. */
const grantTypeOf = ({ parameters }: SentRequest): string | undefined => {
  if (parameters.has('refreshToken')) return 'refresh_token';
  if (parameters.has('redirectUrl') && parameters.has('code')) return 'authorization_code';
  const named = parameters.get('grant_type');
  if (named === DEVICE_CODE) return 'device_code';
  return named === undefined || KNOWN_GRANT_TYPES.has(named) ? named : 'other';
};

const PARAMETERS_MAX = 30;

/** How a request is made, without a value that may be secret. */
const describeSent = ({ headers }: WireRequest, { parameters, scheme }: SentRequest): SentParts => {
  const isInBody = parameters.has('client_secret') || parameters.has('clientSecret');
  return {
    authentication: scheme ?? (isInBody ? 'body' : 'none'),
    contentType: headers['content-type'] === undefined ? undefined : redact(headers['content-type']),
    parameters: [...parameters.keys()].slice(0, PARAMETERS_MAX).map(redact),
    scope: parameters.has('scope') ? redact(parameters.get('scope') ?? '') : undefined,
    redirectUri: redirectOf(parameters),
  };
};

/** Without its query, which may hold anything. */
const redirectOf = (parameters: ReadonlyMap<string, string>): string | undefined => {
  const uri = parameters.get('redirect_uri') ?? parameters.get('redirectUrl');
  return uri === undefined ? undefined : redact(uri.split(/[?#]/, 1)[0] ?? '');
};
