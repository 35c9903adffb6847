/** Why a row is not imported, with the text for people. No text contains a part of a token. */
export const IMPORT_FAULTS = {
  csv_malformed:
    'the quotes are wrong: a field with a comma, quote or line break must be quoted, and a quote in it doubled',
  csv_width: 'the number of fields differs from the header',
  json_malformed: 'the line is not a JSON object',
  not_utf8: 'the text is not UTF-8',
  too_long: 'the row is longer than 65536 characters',
  placeholder:
    'an export wrote this where there is no value, or instead of it; export the value, or leave an optional field empty',
  field_unknown: 'the row has an unknown field',
  client_missing: 'client is missing',
  client_unknown: 'the client is unknown',
  client_not_permitted: 'the client is a resource server: it gets no tokens',
  subject_missing: 'subject is missing',
  subject_malformed: 'subject must be text of at most 1024 characters without control characters',
  scope_malformed: 'scope must be words of visible ASCII without quotes, with one space between them',
  scope_unknown:
    'scope has a word that is no scope of the dialect: declare it in the file of the setting scopesFile',
  scope_not_allowed:
    'scope has a word that owners may not grant the client: allow it with "keyfob client set ID --grant-scope"',
  brand_unknown: 'brand must be one that the dialect of the client has, or empty for any',
  brand_unsupported: 'the dialect of the client has no brands: leave brand empty',
  token_missing: 'refresh_token or refresh_token_sha256 is missing',
  token_twice: 'the row has both refresh_token and refresh_token_sha256',
  token_malformed: 'refresh_token must be 1 to 512 visible ASCII characters',
  digest_malformed:
    'refresh_token_sha256 must be a SHA-256: 64 hexadecimal digits, or 43 characters of base64url',
  expires_at_missing: 'expires_at is missing',
  expires_at_malformed:
    'expires_at must be seconds since 1970, or a date and time such as 2026-01-31T12:00:00Z or 2026-01-31 12:00:00+00',
  expires_at_milliseconds:
    'expires_at has more than 11 digits: it is in milliseconds (13), microseconds (16) or nanoseconds (19); divide it to get seconds',
  created_at_malformed:
    'created_at must be seconds since 1970, or a date and time such as 2026-01-31T12:00:00Z or 2026-01-31 12:00:00+00',
  created_at_milliseconds:
    'created_at has more than 11 digits: it is in milliseconds (13), microseconds (16) or nanoseconds (19); divide it to get seconds',
  created_at_later: 'created_at is in the future',
  expired: 'the token has expired',
  grant_expired: 'the grant is older than the grantLifetimeSeconds of its client',
  vehicles_malformed:
    'vehicles must be a JSON array of at most 100 objects with id (a UUID), vin, make and year, and optionally model, nickname and powertrain',
  vehicle_malformed: 'an entry of vehicles is no vehicle',
  token_duplicate: 'the token belongs to another grant already',
} as const;
export type ImportFault = keyof typeof IMPORT_FAULTS;

/** What is wrong with a row, for people. */
export const describeFault = ({
  fault,
  detail,
}: {
  readonly fault: ImportFault;
  readonly detail?: string | undefined;
}): string => (detail === undefined ? IMPORT_FAULTS[fault] : `${detail}: ${IMPORT_FAULTS[fault]}`);
