import { METADATA_MEMBERS } from '../../clients/client-metadata.ts';
import { answerClient } from '../../dialects/oauth/answers.ts';
import { oauthFormat } from '../../dialects/oauth/describe-tokens.ts';
import type { RefusalReason } from '../../errors.ts';
import { BODY_REASONS, EDGE_REASONS, objectOf, SAMPLE_EXCHANGE, TEXT } from '../../wire/route-description.ts';
import type {
  DescribedField,
  DescribedParameter,
  JsonSchema,
  RouteDescription,
} from '../../wire/route-description.ts';
import { REGISTERED_PATH, REGISTRATION_PATH } from '../registration-paths.ts';
import { renderRegistrationRefusal } from '../registration-refusals.ts';

const URL_SCHEMA = { type: 'string', format: 'uri' };
const FLAG = { type: 'boolean' };
const NAMES = { type: 'array', items: TEXT };

const SCHEMA_OF: Readonly<Record<string, JsonSchema>> = {
  texts: NAMES,
  string: TEXT,
  boolean: FLAG,
  object: { type: 'object' },
};

const MEMBERS: Readonly<Record<string, JsonSchema>> = Object.fromEntries(
  Object.entries(METADATA_MEMBERS).map(([name, type]) => [name, SCHEMA_OF[type] ?? TEXT]),
);

/** A client as it is registered. @see RFC 7591 §3.2.1, RFC 7592 §3 */
export const REGISTRATION_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  // RFC 7591 §3.2.2.
  RegistrationError: objectOf({
    error: {
      enum: [
        'invalid_redirect_uri',
        'invalid_client_metadata',
        'unapproved_software_statement',
        'invalid_request',
        'invalid_token',
        'temporarily_unavailable',
      ],
    },
    error_description: {
      type: 'string',
      minLength: 1,
      description: 'For developers. It may be more precise.',
    },
  }),
  RegisteredClient: objectOf(
    {
      client_id: TEXT,
      client_id_issued_at: { type: 'integer' },
      registration_access_token: TEXT,
      registration_client_uri: URL_SCHEMA,
      registration_status: { enum: ['pending', 'approved', 'change_pending', 'disabled'] },
    },
    {
      client_secret: TEXT,
      client_secret_expires_at: { type: 'integer' },
      metadata_waiting_for_approval: NAMES,
      ...MEMBERS,
    },
  ),
};

const FIELDS: readonly DescribedField[] = Object.entries(MEMBERS).map(([name, schema]) => ({
  name,
  isRequired: false,
  purpose: 'As RFC 7591 §2, and the RFC that adds the member, have it.',
  schema,
}));

const CLIENT_PARAMETER: DescribedParameter = {
  in: 'path',
  name: 'clientId',
  isRequired: true,
  purpose: 'The id of the client.',
  schema: TEXT,
};

const SAMPLE = {
  client_id: '6d4226e7-a7dd-44e0-b29c-9eed26be249d',
  client_id_issued_at: 1_756_724_400,
  registration_access_token: 'kfr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  registration_client_uri: `https://auth.example${REGISTRATION_PATH}/6d4226e7-a7dd-44e0-b29c-9eed26be249d`,
  registration_status: 'pending',
  client_name: 'Charge planner',
  redirect_uris: ['https://app.example/callback'],
};

const FORMAT = oauthFormat('RegistrationError', (refusal, exchange) =>
  renderRegistrationRefusal(refusal, { exchange }),
);

const TOKEN_REASONS: readonly RefusalReason[] = [
  ...EDGE_REASONS,
  'path_unknown',
  'access_token_missing',
  'access_token_dead',
  'registration_token_wrong',
  'throttled',
  'store_unavailable',
];
const METADATA_REASONS: readonly RefusalReason[] = [
  ...BODY_REASONS,
  'redirect_uris_invalid',
  'metadata_invalid',
  'software_statement_unapproved',
];

const answerOf = (summary: string, status: 200 | 201) => ({
  [status]: {
    summary,
    mediaType: 'application/json' as const,
    schema: 'RegisteredClient',
    sample: { ...answerClient(SAMPLE, SAMPLE_EXCHANGE), status },
  },
});

const describe = (
  about: Pick<RouteDescription, 'summary' | 'answers'> & {
    readonly hasBody?: true;
    readonly isOfClient?: true;
  },
): RouteDescription => ({
  summary: about.summary,
  authentication: 'bearer',
  ...(about.isOfClient === true && { parameters: [CLIENT_PARAMETER] }),
  ...(about.hasBody === true && {
    body: { mediaTypes: ['application/json'], kinds: [{ title: 'metadata', fields: FIELDS }] },
  }),
  answers: about.answers,
  refusals: {
    reasons: about.hasBody === true ? [...TOKEN_REASONS, ...METADATA_REASONS] : TOKEN_REASONS,
    format: FORMAT,
  },
});

/** Where clients register themselves; nothing is there unless the setting `clientRegistration` is on. */
export const REGISTRATION_ROUTES: Readonly<Record<string, RouteDescription>> = {
  [`POST ${REGISTRATION_PATH}`]: describe({
    summary: 'Registers a client with a registration token, where that is on (RFC 7591)',
    hasBody: true,
    answers: answerOf('The client. It gets no tokens before an operator approves it.', 201),
  }),
  [`GET ${REGISTERED_PATH}`]: describe({
    summary: 'Shows a client how it is registered (RFC 7592)',
    isOfClient: true,
    answers: answerOf('The client.', 200),
  }),
  [`PUT ${REGISTERED_PATH}`]: describe({
    summary: 'Replaces the metadata of a client; what is more than before waits for an operator (RFC 7592)',
    isOfClient: true,
    hasBody: true,
    answers: answerOf('The client as it is now.', 200),
  }),
  [`DELETE ${REGISTERED_PATH}`]: describe({
    summary: 'Ends the registration of a client and all its tokens (RFC 7592)',
    isOfClient: true,
    answers: { 204: { summary: 'Ended.', sample: { ...answerClient('', SAMPLE_EXCHANGE), status: 204 } } },
  }),
};
