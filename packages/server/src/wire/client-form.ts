import type { AuthenticationMethod, Credentials } from '../clients/credentials.ts';
import { Refusal } from '../errors.ts';
import { readClientCredentials } from './client-credentials.ts';
import type { WireRequest } from './exchange.ts';
import { readForm } from './form.ts';
import { readMediaType } from './headers.ts';
import { readJsonParameters } from './json-parameters.ts';

/** A form, and the ways to read who sends it. */
export type ClientForm = {
  readonly form: ReadonlyMap<string, string>;
  readonly credentials: readonly Credentials[];
};

/** How a body may be written. */
export type BodyFormat = 'form' | 'json';

export const MEDIA_TYPES = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
} as const satisfies Readonly<Record<BodyFormat, string>>;

const READERS: Readonly<Record<BodyFormat, (body: Buffer) => ReadonlyMap<string, string>>> = {
  form: readForm,
  json: readJsonParameters,
};

const FORM_ONLY = ['form'] as const;

/** Reads a form, or JSON with the same names, from a client that authenticates by one of `methods`. Throws a `Refusal`. */
export const readClientForm = (
  request: WireRequest,
  methods: readonly AuthenticationMethod[],
  bodies: readonly BodyFormat[] = FORM_ONLY,
): ClientForm => {
  const mediaType = readMediaType(request);
  const format = bodies.find((one) => MEDIA_TYPES[one] === mediaType);
  if (format === undefined) throw new Refusal('content_type_wrong');
  const form = READERS[format](request.body);
  return { form, credentials: readClientCredentials(request, form, methods) };
};
