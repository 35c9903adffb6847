import type { AuthenticationMethod } from '../../clients/credentials.ts';
import { answerClient, answerEverybody } from '../../dialects/oauth/answers.ts';
import { OAUTH_RULES } from '../../dialects/oauth/authorize.ts';
import { DETAILS_PURPOSE, DETAILS_SCHEMA } from '../../dialects/oauth/describe-details.ts';
import { OAUTH_FORMAT } from '../../dialects/oauth/description.ts';
import { clientFieldsOf } from '../../dialects/oauth/describe-tokens.ts';
import type { RefusalReason } from '../../errors.ts';
import { REQUEST_URI_LIFETIME_SECONDS } from '../../operations/pushed-request.ts';
import {
  BODY_REASONS,
  CLIENT_AUTHENTICATION_REASONS,
  EDGE_REASONS,
  FORM_CREDENTIALS_REASONS,
  objectOf,
  SAMPLE_EXCHANGE,
  TEXT,
  TEXT_NOT_EMPTY,
} from '../../wire/route-description.ts';
import type {
  DescribedField,
  JsonSchema,
  RouteDescription,
  WireDescription,
} from '../../wire/route-description.ts';
import { DEVICE_METHODS } from '../device-authorization.ts';
import { INTROSPECTION_METHODS } from '../introspection.ts';
import { DEVICE_PATHS, PATHS } from '../metadata.ts';
import { PUSH_METHODS } from '../pushed-authorization.ts';
import { REGISTRATION_ROUTES, REGISTRATION_SCHEMAS } from './registration-routes.ts';
import { REVOCATION_METHODS } from '../revocation.ts';

const URL_SCHEMA = { type: 'string', format: 'uri' };
const NAMES = { type: 'array', items: TEXT_NOT_EMPTY };

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Introspection: {
    oneOf: [
      objectOf({ active: { const: false } }),
      objectOf(
        { active: { const: true }, scope: TEXT, client_id: TEXT_NOT_EMPTY, sub: TEXT },
        {
          token_type: { enum: ['Bearer', 'DPoP'], description: 'Absent for a refresh token.' },
          exp: { type: 'integer' },
          iat: { type: 'integer' },
          aud: { anyOf: [TEXT, NAMES] },
          iss: TEXT,
          jti: TEXT,
          // RFC 9449 §6.2, RFC 8705 §3.2.
          cnf: objectOf({}, { jkt: TEXT_NOT_EMPTY, 'x5t#S256': TEXT_NOT_EMPTY }),
          // RFC 9396 §9.2.
          authorization_details: DETAILS_SCHEMA,
        },
      ),
    ],
  },
  ...REGISTRATION_SCHEMAS,
  // RFC 8628 §3.2.
  DeviceAuthorization: objectOf({
    device_code: TEXT_NOT_EMPTY,
    user_code: { type: 'string', pattern: '^[A-Z]{4}-[A-Z]{4}$' },
    verification_uri: URL_SCHEMA,
    verification_uri_complete: URL_SCHEMA,
    expires_in: { type: 'integer' },
    interval: { type: 'integer' },
  }),
  // RFC 9126 §2.2.
  PushedRequest: objectOf({ request_uri: URL_SCHEMA, expires_in: { type: 'integer' } }),
  // RFC 8414 §2. Others may be added, so its members are not closed.
  Metadata: {
    type: 'object',
    properties: {
      issuer: URL_SCHEMA,
      authorization_endpoint: URL_SCHEMA,
      pushed_authorization_request_endpoint: URL_SCHEMA,
      require_pushed_authorization_requests: { type: 'boolean' },
      authorization_details_types_supported: NAMES,
      token_endpoint: URL_SCHEMA,
      device_authorization_endpoint: URL_SCHEMA,
      registration_endpoint: URL_SCHEMA,
      introspection_endpoint: URL_SCHEMA,
      revocation_endpoint: URL_SCHEMA,
      jwks_uri: URL_SCHEMA,
      response_types_supported: NAMES,
      grant_types_supported: NAMES,
      token_endpoint_auth_methods_supported: NAMES,
      token_endpoint_auth_signing_alg_values_supported: NAMES,
      code_challenge_methods_supported: NAMES,
      dpop_signing_alg_values_supported: NAMES,
      tls_client_certificate_bound_access_tokens: { type: 'boolean' },
      mtls_endpoint_aliases: { type: 'object', additionalProperties: URL_SCHEMA },
    },
    required: ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'response_types_supported'],
  },
  // RFC 9728 §2.
  ResourceMetadata: {
    type: 'object',
    properties: { resource: URL_SCHEMA, authorization_servers: NAMES, bearer_methods_supported: NAMES },
    required: ['resource'],
  },
  // RFC 7517 §4 and §5.
  KeySet: objectOf({
    keys: {
      type: 'array',
      items: {
        type: 'object',
        properties: { kty: TEXT, kid: TEXT, use: { const: 'sig' }, alg: TEXT },
        required: ['kty', 'kid', 'use', 'alg'],
      },
    },
  }),
  OpenApi: {
    type: 'object',
    properties: { openapi: TEXT, info: { type: 'object' }, paths: { type: 'object' } },
    required: ['openapi', 'info', 'paths'],
  },
};

const TOKEN: DescribedField = {
  name: 'token',
  isRequired: true,
  purpose: 'The token.',
  schema: TEXT_NOT_EMPTY,
};
const DEVICE_FIELDS: readonly DescribedField[] = [
  {
    name: 'scope',
    isRequired: true,
    purpose: 'What the device asks for, space separated.',
    schema: TEXT_NOT_EMPTY,
  },
  {
    name: 'code_challenge',
    isRequired: false,
    purpose: 'A PKCE challenge (RFC 7636), which some makers ask for.',
    schema: TEXT,
  },
  { name: 'code_challenge_method', isRequired: false, purpose: 'How it is made: S256.', schema: TEXT },
];
const PUSHED_FIELDS: readonly DescribedField[] = [
  {
    name: 'response_type',
    isRequired: true,
    purpose: 'What the client gets when the owner is back.',
    schema: { const: 'code' },
  },
  {
    name: 'redirect_uri',
    isRequired: false,
    purpose: 'Where the owner is sent back to; the only registered one where absent.',
    schema: TEXT,
  },
  {
    name: 'scope',
    isRequired: false,
    purpose: 'What the client asks for, space separated; required without authorization_details.',
    schema: TEXT_NOT_EMPTY,
  },
  {
    name: 'authorization_details',
    isRequired: false,
    purpose: DETAILS_PURPOSE,
    schema: TEXT_NOT_EMPTY,
  },
  ...Object.entries(OAUTH_RULES).map(([name, { purpose }]) => ({
    name,
    isRequired: false,
    purpose,
    schema: TEXT,
  })),
];
const HINT: DescribedField = {
  name: 'token_type_hint',
  isRequired: false,
  purpose: 'What it probably is: access_token or refresh_token. Anything else is ignored.',
  schema: TEXT,
};

/** A form from a client of any dialect. */
const clientForm = (
  methods: readonly AuthenticationMethod[],
  about: Pick<RouteDescription, 'summary' | 'answers'> & {
    readonly reasons: readonly RefusalReason[];
    readonly title?: string;
    /** A token and its hint where absent. */
    readonly fields?: readonly DescribedField[];
  },
): RouteDescription => ({
  summary: about.summary,
  authentication: methods,
  body: {
    mediaTypes: ['application/x-www-form-urlencoded'],
    kinds: [
      {
        title: about.title ?? 'token',
        fields: [...(about.fields ?? [TOKEN, HINT]), ...clientFieldsOf(methods)],
      },
    ],
  },
  answers: about.answers,
  refusals: {
    reasons: [
      ...EDGE_REASONS,
      ...BODY_REASONS,
      ...CLIENT_AUTHENTICATION_REASONS,
      ...FORM_CREDENTIALS_REASONS,
      ...about.reasons,
    ],
    format: OAUTH_FORMAT,
  },
});

/** Codes that stand for nothing. */
const DEVICE_SAMPLE = {
  device_code: 'AAAAAAAAAAAAAAAAAAAAAA',
  user_code: 'BCDF-GHJK',
  verification_uri: 'https://auth.example/device',
  verification_uri_complete: 'https://auth.example/device?user_code=BCDF-GHJK',
  expires_in: 600,
  interval: 5,
};

/** A URI that stands for nothing. */
const PUSHED_SAMPLE = {
  request_uri: 'urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAA',
  expires_in: REQUEST_URI_LIFETIME_SECONDS,
};

/** Its headers only. */
const DOCUMENT_SAMPLE = { ...answerEverybody({}, { isCacheable: true }), body: '' };

/** A public document. */
const publicDocument = (summary: string, schema: string): RouteDescription => ({
  summary,
  authentication: [],
  answers: {
    200: { summary: 'The document.', mediaType: 'application/json', schema, sample: DOCUMENT_SAMPLE },
  },
  refusals: { reasons: EDGE_REASONS, format: OAUTH_FORMAT },
});

const DEVICE_ROUTE = clientForm(DEVICE_METHODS, {
  summary: 'Gives a device a code for its owner (RFC 8628)',
  title: 'device',
  fields: DEVICE_FIELDS,
  answers: {
    200: {
      summary: 'The codes.',
      mediaType: 'application/json',
      schema: 'DeviceAuthorization',
      sample: answerClient(DEVICE_SAMPLE, SAMPLE_EXCHANGE),
    },
  },
  reasons: [
    'client_not_permitted',
    'scope_unknown',
    'scope_not_allowed',
    'details_not_allowed',
    'parameters_wrong',
    'throttled',
    'store_unavailable',
  ],
});

/** The endpoints that serve the clients of every dialect, as RFCs define them. */
export const RFC_ROUTES: WireDescription = {
  title: 'Resource servers and libraries',
  purpose: 'What RFCs define for the clients of every dialect.',
  schemas: SCHEMAS,
  routes: {
    [`POST ${PATHS.introspection}`]: clientForm(INTROSPECTION_METHODS, {
      summary: 'Says whether a token works, and what it allows (RFC 7662)',
      answers: {
        200: {
          summary: 'What the token is.',
          mediaType: 'application/json',
          schema: 'Introspection',
          sample: answerClient({ active: false }, SAMPLE_EXCHANGE),
        },
      },
      reasons: ['token_missing'],
    }),
    [`POST ${PATHS.revocation}`]: clientForm(REVOCATION_METHODS, {
      summary: 'Revokes the grant of a refresh token (RFC 7009)',
      answers: {
        200: {
          summary: 'Revoked, or there was nothing to revoke.',
          sample: answerClient('', SAMPLE_EXCHANGE),
        },
      },
      reasons: ['token_missing', 'token_type_unsupported'],
    }),
    [`POST ${PATHS.pushedAuthorization}`]: clientForm(PUSH_METHODS, {
      summary: 'Takes an authorization request before the owner comes (RFC 9126)',
      title: 'request',
      fields: PUSHED_FIELDS,
      answers: {
        201: {
          summary: 'The URI that stands for the request, for a few minutes and one consent.',
          mediaType: 'application/json',
          schema: 'PushedRequest',
          sample: { ...answerClient(PUSHED_SAMPLE, SAMPLE_EXCHANGE), status: 201 },
        },
      },
      reasons: [
        'client_not_permitted',
        'parameters_wrong',
        'redirect_uri_missing',
        'redirect_uri_unregistered',
        'scope_unknown',
        'scope_not_allowed',
        'target_unknown',
        'details_malformed',
        'details_not_allowed',
        'request_too_long',
      ],
    }),
    ...REGISTRATION_ROUTES,
    ...Object.fromEntries(DEVICE_PATHS.map((path) => [`POST ${path}`, DEVICE_ROUTE])),
    [`GET ${PATHS.metadata}`]: publicDocument('Metadata of the server (RFC 8414)', 'Metadata'),
    [`GET ${PATHS.protectedResource}`]: publicDocument(
      'Metadata of the vehicle calls (RFC 9728)',
      'ResourceMetadata',
    ),
    [`GET ${PATHS.jwks}`]: publicDocument('The public keys of JWT access tokens (RFC 7517)', 'KeySet'),
    [`GET ${PATHS.openApi}`]: publicDocument('This description', 'OpenApi'),
  },
};
