import type { AuthenticationMethod, Credentials } from '../clients/credentials.ts';
import { Refusal } from '../errors.ts';
import { readClientCredentials } from './client-credentials.ts';
import type { WireRequest } from './exchange.ts';
import { readForm } from './form.ts';
import { readMediaType } from './headers.ts';

/** A form, and the ways to read who sends it. */
export type ClientForm = {
  readonly form: ReadonlyMap<string, string>;
  readonly credentials: readonly Credentials[];
};

/** Reads a form from a client that authenticates by one of `methods`. Throws a `Refusal`. */
export const readClientForm = (
  request: WireRequest,
  methods: readonly AuthenticationMethod[],
): ClientForm => {
  if (readMediaType(request) !== 'application/x-www-form-urlencoded') throw new Refusal('content_type_wrong');
  const form = readForm(request.body);
  return { form, credentials: readClientCredentials(request, form, methods) };
};
