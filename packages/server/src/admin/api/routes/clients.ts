import type { Seconds } from '../../../clock.ts';
import { CLIENT_TYPES } from '../../../clients/client.ts';
import { POLICY_FIELDS } from '../../../clients/policy.ts';
import { createClientId } from '../../../clients/secret.ts';
import { addSecret } from '../../../operations/add-secret.ts';
import { changeClient } from '../../../operations/change-client.ts';
import { GRANTS_COUNTED_MAX, NO_GRANTS } from '../../../operations/count-grants.ts';
import { CLIENTS_SEARCHED_MAX, findClients } from '../../../operations/find-clients.ts';
import { readClient } from '../../../operations/read-client.ts';
import type { ClientDetails } from '../../../operations/read-client.ts';
import { registerClient } from '../../../operations/register-client.ts';
import type { ClientRegistration } from '../../../operations/register-client.ts';
import { removeClient } from '../../../operations/remove-client.ts';
import { removeSecret } from '../../../operations/remove-secret.ts';
import { faultToSentence } from '../../../language.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiRoute, ApiVisit } from '../api-route.ts';
import { FLAG, NAME, oneOf, TEXT, textsOf, wholeNumber } from '../fields.ts';
import { notThere } from '../not-there.ts';
import { Problem } from '../problem.ts';
import { viewClient, viewSecret } from '../views.ts';
import { CLIENT_PAGE_FIELDS, clientAfter, limitOf, nextClient } from './paging.ts';

const URIS = textsOf({ type: 'string', minLength: 1, maxLength: 2000 }, 50);
const POLICY = { type: 'object' } as const;
/** The public keys by which a client authenticates; `null` removes them. */
const KEYS = {
  jwks: {
    schema: { type: ['object', 'null'] },
    purpose: 'Its public keys as a JWK set (RFC 7517), in place of others; null for none.',
  },
  jwksUri: {
    schema: { type: ['string', 'null'], maxLength: 2048 },
    purpose: 'Where it publishes its public keys, in place of others; https, or null for none.',
  },
} as const;
const POLICY_PURPOSE = `Fields of the policy; those that are absent stay as they are: ${Object.keys(POLICY_FIELDS).join(', ')}.`;

const detailsOf = async (
  context: ApiContext,
  { path }: ApiVisit,
  options?: Parameters<typeof readClient>[2],
): Promise<ClientDetails> => {
  const details = await readClient(context, path['clientId'] ?? '', options);
  if (details === undefined) throw notThere('client');
  return details;
};

/** Before a write, so that the audit log gets no entry of a client that is not there. Counts nothing. Throws `Problem`. */
const refuseUnknown = async (context: ApiContext, visit: ApiVisit): Promise<void> => {
  await detailsOf(context, visit, { countsGrants: false });
};

/** What the audit log says of keys: their ids. Private ones are refused, but after the entry. `undefined` where none were given. */
const namesOfKeys = (jwks: unknown): readonly string[] | null | undefined => {
  if (typeof jwks !== 'object' || jwks === null) return jwks === null ? null : undefined;
  const { keys } = jwks as { readonly keys?: unknown };
  const ids = Array.isArray(keys) ? keys.map((key: { readonly kid?: unknown } | null) => key?.kid) : [];
  return ids.map((id) => (typeof id === 'string' ? id : ''));
};

const targetOf = ({ path }: ApiVisit): string => `client:${path['clientId'] ?? ''}`;

export const CLIENT_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/clients',
    tag: 'Clients',
    summary: 'Lists clients, oldest first, those with a text in the id or the name',
    permission: 'clients.read',
    own: { by: 'list' },
    query: {
      ...CLIENT_PAGE_FIELDS,
      text: {
        schema: TEXT,
        purpose: `Only clients with this in the id or the name, in upper or lower case. A page looks through ${CLIENTS_SEARCHED_MAX} clients, so it may have few or none while \`next\` is not null.`,
      },
    },
    answers: { status: 200, schema: 'ClientList' },
    async handle(context, visit) {
      const { query } = visit;
      const { clients, next } = await findClients(context, {
        ids: visit.operator.role === 'developer' ? (visit.operator.clientIds ?? []) : undefined,
        text: query['text'] as string | undefined,
        after: clientAfter(query),
        limit: limitOf(query),
      });
      return {
        status: 200,
        body: {
          clients: clients.map((client) => viewClient(client)),
          next: nextClient(next),
        },
      };
    },
  },
  {
    method: 'POST',
    path: '/clients',
    tag: 'Clients',
    summary: 'Registers a client; its secret is shown once',
    permission: 'clients.write',
    action: 'client.create',
    body: {
      dialect: { schema: TEXT, isRequired: true, purpose: 'The name of its dialect.' },
      name: { schema: TEXT, isRequired: true, purpose: 'Its name, as owners see it.' },
      type: { schema: oneOf(CLIENT_TYPES), purpose: 'Its type; confidential if it is absent.' },
      redirectUris: { schema: URIS, purpose: 'Where owners may be sent back to.' },
      ...KEYS,
      policy: { schema: POLICY, purpose: POLICY_PURPOSE },
    },
    answers: { status: 201, schema: 'ClientRegistered' },
    async handle(context, visit) {
      const { dialect, name, type } = visit.body;
      const id = createClientId(context.randomness);
      const wanted = visit.body as unknown as ClientRegistration;
      const registered = await visit.write(
        () => registerClient(context, { ...wanted, id }),
        ({ outcome }) => (outcome === 'registered' ? undefined : outcome),
        { target: `client:${id}`, details: { dialect, name, type } },
      );
      if (registered.outcome === 'invalid')
        throw new Problem('body_invalid', ...registered.faults.map(faultToSentence));
      const { client, clientSecret = null } = registered;
      return { status: 201, body: { ...viewClient(client, NO_GRANTS), clientSecret } };
    },
  },
  {
    method: 'GET',
    path: '/clients/{clientId}',
    tag: 'Clients',
    summary: 'Shows a client with its policy, its redirect URIs and the last use of each secret',
    permission: 'clients.read',
    own: { by: 'client in the path' },
    query: {
      count: {
        schema: oneOf(['grants', 'nothing']),
        purpose: `Whether its grants are counted, up to ${GRANTS_COUNTED_MAX}; they are if it is absent. \`hasMoreGrants\` says that there are more; both are null where they are not counted.`,
      },
    },
    answers: { status: 200, schema: 'Client' },
    async handle(context, visit) {
      const countsGrants = visit.query['count'] !== 'nothing';
      const { client, count } = await detailsOf(context, visit, { countsGrants });
      return { status: 200, body: viewClient(client, countsGrants ? count : null) };
    },
  },
  {
    method: 'PATCH',
    path: '/clients/{clientId}',
    tag: 'Clients',
    summary: 'Changes a client from its next request on; what is absent stays',
    permission: 'redirects.write',
    own: {
      by: 'client in the path',
      fields: ['redirectUris', 'addedRedirectUris', 'removedRedirectUris', 'jwks', 'jwksUri'],
    },
    action: 'client.change',
    body: {
      name: { schema: TEXT, purpose: 'Its name, as owners see it.' },
      redirectUris: { schema: URIS, purpose: 'Replaces all redirect URIs.' },
      addedRedirectUris: { schema: URIS, purpose: 'Redirect URIs to add.' },
      removedRedirectUris: { schema: URIS, purpose: 'Redirect URIs to remove.' },
      ...KEYS,
      policy: { schema: POLICY, purpose: POLICY_PURPOSE },
      isDisabled: { schema: FLAG, purpose: 'Whether the client is refused; its grants stay.' },
    },
    answers: { status: 200, schema: 'Client' },
    async handle(context, visit) {
      await refuseUnknown(context, visit);
      const { reason: _reason, isDisabled, ...change } = visit.body;
      const disabledAtMs = isDisabled === true ? context.clock() : null;
      const wanted = isDisabled === undefined ? change : { ...change, disabledAtMs };
      const changed = await visit.write(
        () => changeClient(context, visit.path['clientId'] ?? '', wanted),
        ({ outcome }) => (outcome === 'changed' ? undefined : outcome),
        { target: targetOf(visit), details: { ...change, jwks: namesOfKeys(change['jwks']), isDisabled } },
      );
      if (changed.outcome === 'invalid')
        throw new Problem('body_invalid', ...changed.faults.map(faultToSentence));
      if (changed.outcome === 'unknown') throw notThere('client');
      return { status: 200, body: viewClient(changed.client, changed.count) };
    },
  },
  {
    method: 'DELETE',
    path: '/clients/{clientId}',
    tag: 'Clients',
    summary: 'Removes a client that has no grants',
    permission: 'clients.write',
    action: 'client.remove',
    answers: { status: 204 },
    async handle(context, visit) {
      await refuseUnknown(context, visit);
      const removed = await visit.write(
        () => removeClient(context, { clientId: visit.path['clientId'] ?? '', withGrants: false }),
        (outcome) => (outcome === 'removed' ? undefined : outcome),
        { target: targetOf(visit) },
      );
      if (removed === 'has_grants')
        throw new Problem('conflict', {
          en: 'the client has grants: disable it, or use "keyfob client remove --with-grants"',
          ko: '클라이언트에 그랜트가 있습니다. 비활성화하거나 "keyfob client remove --with-grants"를 사용하세요.',
        });
      return { status: 204 };
    },
  },
  ...secretRoutes(),
];

/** A function, so that it may stand below what it is part of. */
function secretRoutes(): readonly ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/clients/{clientId}/secrets',
      tag: 'Clients',
      summary: 'Adds a secret and shows it once; the others stay valid, or end after an overlap',
      permission: 'secrets.write',
      own: { by: 'client in the path' },
      action: 'secret.add',
      body: {
        name: { schema: NAME, purpose: 'A name for people.' },
        expiresInSeconds: {
          schema: wholeNumber(1, 999_999_999),
          purpose: 'When it expires; never if it is absent.',
        },
        overlapSeconds: {
          schema: wholeNumber(0, 999_999_999),
          purpose: 'After how long the other secrets end, unless they end earlier; never if it is absent.',
        },
      },
      answers: { status: 201, schema: 'SecretAdded' },
      async handle(context, visit) {
        await refuseUnknown(context, visit);
        const {
          name = '',
          expiresInSeconds,
          overlapSeconds,
        } = visit.body as {
          readonly name?: string;
          readonly expiresInSeconds?: Seconds;
          readonly overlapSeconds?: Seconds;
        };
        const added = await visit.write(
          () =>
            addSecret(context, {
              clientId: visit.path['clientId'] ?? '',
              name,
              expiresInSeconds,
              overlapSeconds,
            }),
          ({ outcome }) => (outcome === 'added' ? undefined : outcome),
          { target: targetOf(visit), details: { name, expiresInSeconds, overlapSeconds } },
        );
        if (added.outcome === 'too_many')
          throw new Problem('too_many', {
            en: 'remove a secret that is not in use first',
            ko: '먼저 쓰지 않는 시크릿을 제거하세요.',
          });
        if (added.outcome === 'client_unknown') throw notThere('client');
        if (added.outcome === 'client_public')
          throw new Problem('conflict', {
            en: 'a public client authenticates without a secret',
            ko: '공개 클라이언트는 시크릿 없이 인증합니다.',
          });
        return { status: 201, body: { ...viewSecret(added.secret), clientSecret: added.clientSecret } };
      },
    },
    {
      method: 'DELETE',
      path: '/clients/{clientId}/secrets/{secretId}',
      tag: 'Clients',
      summary: 'Removes a secret from the next request on, unless it is the last one',
      permission: 'secrets.write',
      own: { by: 'client in the path' },
      action: 'secret.remove',
      answers: { status: 204 },
      async handle(context, visit) {
        const { clientId = '', secretId = '' } = visit.path;
        const removed = await visit.write(
          () => removeSecret(context, { clientId, secretId, keepLast: true }),
          (outcome) => (outcome === 'removed' ? undefined : outcome),
          { target: targetOf(visit), details: { secretId } },
        );
        if (removed === 'last')
          throw new Problem('conflict', {
            en: 'this is the last secret: add another one first',
            ko: '마지막 시크릿입니다. 먼저 다른 시크릿을 추가하세요.',
          });
        if (removed !== 'removed') throw notThere('secret');
        return { status: 204 };
      },
    },
  ];
}
