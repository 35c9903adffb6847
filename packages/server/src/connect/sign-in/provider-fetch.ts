import type { CustomFetch } from 'openid-client';
import { readText } from '../read-text.ts';
import { readProviderDocument } from './provider-documents.ts';
import { SignInError } from './sign-in-error.ts';

const ANSWER_MAX_BYTES = 1024 * 1024;

/** Reports entries of a provider's document that cannot be used, each with its place and without a value. */
export type ReportLeftOut = (leftOut: readonly string[]) => void;

/**
 * Sends requests to a provider. Answers of more than 1 MiB are an error, and of the documents that are fetched, metadata and
 * keys, entries that cannot be used are left out.
 */
export const createProviderFetch =
  (reportLeftOut: ReportLeftOut): CustomFetch =>
  async (url, options) => {
    const response = await fetch(url, options as RequestInit);
    const text = await readText(response, ANSWER_MAX_BYTES);
    if (text === undefined)
      throw new SignInError('provider_unavailable', 'the provider answered more than 1 MiB');
    const { status, headers } = response;
    const isDocument = options.method === 'GET' && status === 200;
    return new Response((isDocument ? readDocument(text, reportLeftOut) : text) || null, { status, headers });
  };

const readDocument = (text: string, reportLeftOut: ReportLeftOut): string => {
  try {
    const { document, leftOut } = readProviderDocument(JSON.parse(text));
    if (leftOut.length > 0) reportLeftOut(leftOut);
    return JSON.stringify(document);
  } catch {
    return text;
  }
};
