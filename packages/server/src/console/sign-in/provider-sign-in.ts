import type { AdminAnswer } from '../../admin/exchange.ts';
import { cleanName } from '../../clients/display-name.ts';
import { SignInError } from '../../connect/sign-in/sign-in-error.ts';
import { USER_AGENT_MAX_CHARACTERS } from '../../log-event.ts';
import type { OperatorSignInFailure } from '../../log-event.ts';
import type { Operator } from '../../operators/operator.ts';
import { readOwnClients, roleOfClaim } from '../../operators/role.ts';
import type { ConsoleContext, OperatorProvider } from '../console-context.ts';
import { seeOther } from '../console-page.ts';
import { endPage, readPage } from './return-page.ts';
import { beginAttempt, readAttempt } from './sign-in-attempt.ts';
import { leadTo, signInPage, startSession } from './sign-in.ts';
import type { SignInFault, SignInVisit } from './sign-in.ts';

const CALLBACK = '/console/callback';

/** Sends the browser to the provider. What its answer is checked against follows from a cookie that comes along from there. */
export const beginAtProvider = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { provider } = context;
  if (provider === undefined) return refuseWithoutProvider(context, visit);
  const { attempt, cookie } = beginAttempt(context, visit.request);
  const redirectUri = `${originOf(context, visit)}${CALLBACK}`;
  const options = { redirectUri, language: visit.language, isFresh: false };
  try {
    return seeOther(await provider.upstream.begin(attempt, options), [cookie]);
  } catch (error) {
    return refuse(context, visit, error);
  }
};

/** Reads the answer of the provider. Nobody without a role gets in. */
export const finishAtProvider = async (context: ConsoleContext, visit: SignInVisit): Promise<AdminAnswer> => {
  const { provider } = context;
  const { request, language } = visit;
  if (provider === undefined) return refuseWithoutProvider(context, visit);
  const attempt = readAttempt(context, request);
  if (typeof attempt === 'string')
    return refuse(context, visit, new SignInError('stale', STALE_CAUSES[attempt]));
  try {
    const url = new URL(`${originOf(context, visit)}${CALLBACK}?${request.query.toString()}`);
    const { owner, claims } = await provider.upstream.finish(url, attempt);
    const operator = operatorOf(provider, owner, claims);
    if (typeof operator === 'string') return fail(context, visit, { reason: 'no_role', cause: operator });
    const cookie = await startSession(context, visit, operator);
    return leadTo(readPage(context, request), language, [cookie, endPage(context, request)]);
  } catch (error) {
    return refuse(context, visit, error);
  }
};

const STALE_CAUSES = {
  no_cookie: 'the browser sent no cookie of an attempt',
  other_browser: 'the state is not of this browser',
} as const;

/** The operator that the claims make; or why they make none. */
const operatorOf = (
  { roles, roleClaim, clientsClaim }: OperatorProvider,
  { subject, name }: { readonly subject: string; readonly name: string },
  claims: Readonly<Record<string, unknown>>,
): Operator | string => {
  const claimed = Object.hasOwn(claims, roleClaim) ? claims[roleClaim] : undefined;
  const role = roleOfClaim(roles, claimed);
  if (role === undefined) return `the claim ${roleClaim} ${faultOfClaim(claimed)}`;
  const ids = Object.hasOwn(claims, clientsClaim) ? claims[clientsClaim] : undefined;
  const clientIds = role === 'developer' ? readOwnClients(ids) : undefined;
  if (clientIds?.length === 0) return `the claim ${clientsClaim} names no client of a developer`;
  // People choose their names. One must not pass for another, or turn the text around it.
  const shown = cleanName(name);
  return { kind: 'provider', id: subject, name: shown === '' ? subject : shown, role, clientIds };
};

/** Without its values: they can be anything. */
const faultOfClaim = (claim: unknown): string => {
  if (claim === undefined) return 'is missing';
  if (typeof claim === 'string') return 'has a value that is not in operatorRoles';
  if (!Array.isArray(claim)) return 'is neither a text nor a list';
  return `has ${claim.length} values, and none of them is in operatorRoles`;
};

/** Where browsers reach the console. The host was checked before. */
const originOf = ({ publicUrl }: ConsoleContext, { request }: SignInVisit): string =>
  publicUrl ?? `http://${request.headers.host ?? ''}`;

const FAULTS: Readonly<Record<OperatorSignInFailure, SignInFault | undefined>> = {
  not_configured: undefined,
  provider_unavailable: 'unavailable',
  provider_refused: 'refused',
  answer_invalid: 'answerInvalid',
  stale: 'stale',
  no_role: 'noRole',
};

const refuseWithoutProvider = (context: ConsoleContext, visit: SignInVisit): AdminAnswer =>
  refuse(context, visit, new SignInError('not_configured', 'no provider is configured'));

/** A failure of the store is not one of the sign-in. */
const refuse = (context: ConsoleContext, visit: SignInVisit, error: unknown): AdminAnswer => {
  if (!(error instanceof SignInError)) throw error;
  const { reason, message: cause, providerError } = error;
  return fail(context, visit, { reason, cause, providerError });
};

/** Reports why nobody is signed in, and shows what to do. */
const fail = (
  context: ConsoleContext,
  visit: SignInVisit,
  failure: {
    readonly reason: OperatorSignInFailure;
    readonly cause: string;
    readonly providerError?: string | undefined;
  },
): AdminAnswer => {
  const { requestId, address, headers } = visit.request;
  const caller = {
    address,
    userAgent: (headers['user-agent'] ?? '').trim().slice(0, USER_AGENT_MAX_CHARACTERS),
  };
  context.emit({ event: 'operator.sign_in_failed', requestId, providerError: undefined, ...failure, caller });
  return signInPage(context, visit, FAULTS[failure.reason]);
};
