import { faultToSentence } from '../../../language.ts';
import type { Seconds } from '../../../clock.ts';
import { SECURITY_PROFILES } from '../../../clients/policy.ts';
import { REGISTRATION_TOKEN_MAX_SECONDS, REGISTRATION_USES_MAX } from '../../../clients/registration.ts';
import {
  approveRegistration,
  listWaiting,
  refuseRegistration,
} from '../../../operations/decide-registration.ts';
import { newShortId } from '../../../operations/new-id.ts';
import { makeRegistrationToken } from '../../../operations/registration-tokens.ts';
import type { NewRegistrationToken } from '../../../operations/registration-tokens.ts';
import type { ApiRoute } from '../api-route.ts';
import { FLAG, NAME, oneOf, TEXT, wholeNumber } from '../fields.ts';
import { notThere } from '../not-there.ts';
import { Problem } from '../problem.ts';
import { viewRegistrationToken, viewWaiting } from '../views.ts';
import { CLIENT_PAGE_FIELDS, clientAfter, limitOf, nextClient } from './paging.ts';

const WEEK_SECONDS: Seconds = 7 * 86_400;

/** Apps that register themselves, and the tokens with which they may. */
export const REGISTRATION_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/registrations',
    tag: 'Clients',
    summary:
      'Lists the clients that registered themselves, or ask for more, and wait for approval, oldest first',
    permission: 'clients.read',
    query: CLIENT_PAGE_FIELDS,
    answers: { status: 200, schema: 'RegistrationList' },
    async handle(context, { query }) {
      const page = { after: clientAfter(query), limit: limitOf(query) };
      const { registrations, next } = await listWaiting(context, page);
      return { status: 200, body: { registrations: registrations.map(viewWaiting), next: nextClient(next) } };
    },
  },
  decision('approve', {
    summary: 'Lets a client be what it asks for, from its next request on',
    action: 'registration.approve',
    decide: approveRegistration,
  }),
  decision('refuse', {
    summary: 'Removes a client that was never approved; one that was stays as it is',
    action: 'registration.refuse',
    decide: refuseRegistration,
  }),
  {
    method: 'GET',
    path: '/registration-tokens',
    tag: 'Clients',
    summary: 'Lists the registration tokens, those that have ended among them',
    permission: 'clients.read',
    answers: { status: 200, schema: 'RegistrationTokenList' },
    handle: async ({ store }) => ({
      status: 200,
      body: { registrationTokens: (await store.listRegistrationTokens()).map(viewRegistrationToken) },
    }),
  },
  {
    method: 'POST',
    path: '/registration-tokens',
    tag: 'Clients',
    summary: 'Makes a registration token and shows it once',
    permission: 'clients.write',
    action: 'registration_token.make',
    body: {
      dialect: { schema: TEXT, isRequired: true, purpose: 'The name of the dialect of its clients.' },
      name: { schema: NAME, purpose: 'Whom it is for, for people.' },
      profile: { schema: oneOf(SECURITY_PROFILES), purpose: 'The security profile of its clients.' },
      grantScope: {
        schema: { type: 'string', maxLength: 8192 },
        purpose: 'The most that owners may grant its clients; every scope that only reads if it is absent.',
      },
      isApproved: {
        schema: FLAG,
        purpose: 'Whether its clients need no approval, until they ask for more than they registered with.',
      },
      uses: {
        schema: wholeNumber(1, REGISTRATION_USES_MAX),
        purpose: 'How many clients it registers; one if it is absent.',
      },
      expiresInSeconds: {
        schema: wholeNumber(1, REGISTRATION_TOKEN_MAX_SECONDS),
        purpose: 'When it ends; after 7 days if it is absent.',
      },
    },
    answers: { status: 201, schema: 'RegistrationTokenMade' },
    async handle(context, visit) {
      const { reason: _reason, ...body } = visit.body;
      const given = body as Partial<NewRegistrationToken> & Pick<NewRegistrationToken, 'dialect'>;
      const wanted = { name: '', uses: 1, expiresInSeconds: WEEK_SECONDS, ...given };
      const id = newShortId(context.randomness);
      const made = await visit.write(
        () => makeRegistrationToken(context, { ...wanted, id }),
        ({ outcome }) => (outcome === 'made' ? undefined : outcome),
        { target: `registration_token:${id}`, details: wanted },
      );
      if (made.outcome === 'invalid') throw new Problem('body_invalid', ...made.faults.map(faultToSentence));
      if (made.outcome === 'too_many')
        throw new Problem('too_many', {
          en: 'remove a registration token first',
          ko: '먼저 등록 토큰을 하나 제거하세요.',
        });
      return {
        status: 201,
        body: { ...viewRegistrationToken(made.token), registrationToken: made.text },
      };
    },
  },
  {
    method: 'DELETE',
    path: '/registration-tokens/{tokenId}',
    tag: 'Clients',
    summary: 'Removes a registration token; clients that were registered with it stay',
    permission: 'clients.write',
    action: 'registration_token.remove',
    answers: { status: 204 },
    async handle({ store }, visit) {
      const id = visit.path['tokenId'] ?? '';
      const removed = await visit.write(
        () => store.removeRegistrationToken(id),
        (outcome) => (outcome === 'removed' ? undefined : outcome),
        { target: `registration_token:${id}` },
      );
      if (removed === 'unknown') throw notThere('registration token');
      return { status: 204 };
    },
  },
];

/** A function, so that it may stand below what it is part of. */
function decision(
  name: 'approve' | 'refuse',
  about: {
    readonly summary: string;
    readonly action: string;
    readonly decide: typeof approveRegistration;
  },
): ApiRoute {
  return {
    method: 'POST',
    path: `/registrations/{clientId}/${name}`,
    tag: 'Clients',
    summary: about.summary,
    permission: 'clients.write',
    action: about.action,
    body: {
      seen: {
        schema: wholeNumber(1, 999_999_999),
        isRequired: true,
        purpose: 'The version that was looked at: a newer one is not decided.',
      },
    },
    answers: { status: 204 },
    async handle(context, visit) {
      const { clientId = '' } = visit.path;
      const { seen } = visit.body as { readonly seen: number };
      const decided = await visit.write(
        () => about.decide(context, { clientId, seen }),
        ({ outcome }) => (outcome === 'approved' || outcome === 'refused' ? undefined : outcome),
        { target: `client:${clientId}`, details: { seen } },
      );
      if (decided.outcome === 'unknown')
        throw new Problem('not_found', {
          en: 'no such client waits for approval',
          ko: '승인을 기다리는 클라이언트가 아닙니다.',
        });
      if (decided.outcome === 'invalid')
        throw new Problem('conflict', ...decided.faults.map(faultToSentence));
      return { status: 204 };
    },
  };
}
