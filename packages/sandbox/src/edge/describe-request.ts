import type { WireRequest } from '@keyfob/server/wire';
import type { RequestFacts } from '../faults/armed-faults.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { presentedToken } from '../journal/read-request.ts';
import type { SentRequest } from '../journal/read-request.ts';
import { redact } from '../journal/redact.ts';
import { identifyToken } from '../grants/identify-token.ts';
import { nameOfToken } from '../grants/token-names.ts';
import type { World } from '../worlds/world.ts';
import { endpointOf } from './endpoint-of.ts';

type Begun = Omit<JournalEntry, 'number' | 'sequence' | 'stage' | 'requestId' | 'faults'>;

/** What a request is, for the faults that may happen to it and for the journal, before the server sees it. */
export const describeRequest = (
  world: World,
  { method, path, headers }: WireRequest,
  sent: SentRequest,
): { readonly facts: RequestFacts; readonly entry: Begun } => {
  const inWorld = path.startsWith(world.basePath) ? path.slice(world.basePath.length) : path;
  const text = presentedToken(sent);
  const found =
    text === undefined ? undefined : identifyToken(world.server.deployment.keyRing, world.grants, text);
  const facts = {
    endpoint: endpointOf(inWorld),
    grantType: grantTypeOf(sent),
    client: sent.clientId === undefined ? undefined : world.clients.findById(sent.clientId)?.name,
    grant:
      found === undefined || !world.grants.has(found.grantId)
        ? undefined
        : world.grants.nameOf(found.grantId),
  };
  const hide = (words: string): string => redact(words, (word) => nameOfToken(world, word));
  return {
    facts,
    entry: {
      ...facts,
      atMs: world.clock.now(),
      method,
      path: hide(inWorld),
      token: text === undefined ? undefined : (nameOfToken(world, text) ?? 'unknown'),
      userAgent: hide(headers['user-agent'] ?? ''),
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

const GRANT_TYPES: ReadonlySet<string> = new Set([
  'refresh_token',
  'authorization_code',
  'client_credentials',
]);

/** Pleos says it by its path and by the member that it needs. */
const grantTypeOf = ({ parameters }: SentRequest): string | undefined => {
  if (parameters.has('refreshToken')) return 'refresh_token';
  if (parameters.has('redirectUrl') && parameters.has('code')) return 'authorization_code';
  const named = parameters.get('grant_type');
  return named === undefined || GRANT_TYPES.has(named) ? named : 'other';
};
