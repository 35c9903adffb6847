import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { OperatorError } from '../../exports/errors.ts';
import { faultOfLink, LOGO_MAX_BYTES } from '../../exports/clients.ts';
import { UsageError } from '../command/output.ts';

/** The options for what owners see of a client besides its name. */
export type ProfileOptions = {
  readonly developer?: string;
  readonly privacyUrl?: string;
  readonly logo?: string;
  /** False with `--no-link-check`. */
  readonly linkCheck?: boolean;
};

/** What the operations take. `null` removes a field, which only `set` offers. */
type ProfileFields = {
  readonly developer?: string;
  readonly privacyUrl?: string | null;
  readonly logo?: Uint8Array | null;
};

/** `remove`: how a field is removed, for the help; empty where there is nothing to remove yet. */
export const withProfileOptions = (command: Command, remove: '' | '; none to remove it'): Command =>
  command
    .option('--developer <name>', `who makes the app, as owners see it${remove}`)
    .option('--privacy-url <url>', `where the app says what it does with the data (https)${remove}`)
    .option(
      '--logo <url>',
      `the logo that owners see: a PNG or JPEG image of at most 24 KiB, as an https URL or a file; it is stored, and never fetched again${remove}`,
    )
    .option('--no-link-check', 'do not check that the privacy URL answers');

const NONE = 'none';
const TIMEOUT_MS = 10_000;

/** Reads the options: fetches the logo, and checks that the privacy URL answers. Throws `OperatorError`. */
export const readProfileOptions = async (options: ProfileOptions): Promise<ProfileFields> => {
  const { developer, privacyUrl, logo, linkCheck = true } = options;
  if (privacyUrl !== undefined && privacyUrl !== NONE) {
    const fault = faultOfLink(privacyUrl);
    if (fault !== undefined) throw new UsageError(`--privacy-url ${fault}`);
    if (linkCheck) await checkLink(privacyUrl);
  }
  return {
    ...(developer === undefined ? {} : { developer: developer === NONE ? '' : developer }),
    ...(privacyUrl === undefined ? {} : { privacyUrl: privacyUrl === NONE ? null : privacyUrl }),
    ...(logo === undefined ? {} : { logo: logo === NONE ? null : await readLogo(logo) }),
  };
};

/** A page that owners could not open would say nothing to them. */
const checkLink = async (url: string): Promise<void> => {
  const response = await request(url, 'follow', {
    code: 'link_unreachable',
    remedy: 'Correct the link, or pass --no-link-check if owners can reach it and this machine cannot.',
  });
  await response.body?.cancel();
};

const LOGO_FAULT = {
  code: 'logo_unreadable',
  remedy: 'Pass the https URL or the file of a PNG or JPEG image of at most 24 KiB.',
};

const readLogo = async (source: string): Promise<Uint8Array> => {
  if (!/^[a-z][a-z\d+.-]+:/i.test(source)) return readAtMost(source, createReadStream(source));
  const fault = faultOfLink(source);
  if (fault !== undefined) throw new UsageError(`--logo ${fault}`);
  // Another address than the one that the operator named could be one of this machine's own network.
  const response = await request(source, 'error', LOGO_FAULT);
  return readAtMost(source, response.body ?? []);
};

/** Sends a GET request. Throws `OperatorError` unless it is answered with success in time. */
const request = async (
  url: string,
  redirect: 'follow' | 'error',
  { code, remedy }: { readonly code: string; readonly remedy: string },
): Promise<Response> => {
  const response = await fetch(url, { redirect, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw new OperatorError(code, `${url} did not answer: ${describe(cause)}`, remedy, { cause });
    },
  );
  if (response.ok) return response;
  await response.body?.cancel();
  throw new OperatorError(code, `${url} answered ${response.status}`, remedy);
};

const readAtMost = async (source: string, chunks: AsyncIterable<Uint8Array> | []): Promise<Uint8Array> => {
  const { code, remedy } = LOGO_FAULT;
  const read: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      read.push(chunk);
      bytes += chunk.byteLength;
      // One byte more than allowed is enough to refuse it.
      if (bytes > LOGO_MAX_BYTES) break;
    }
  } catch (cause) {
    throw new OperatorError(code, `${source} cannot be read: ${describe(cause)}`, remedy, { cause });
  }
  return Buffer.concat(read);
};

/** The code of an error, which `fetch` puts into the cause of its own; else its name. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error';
  const { cause = error } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
};
