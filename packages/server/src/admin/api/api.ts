import { hash } from 'node:crypto';
import { OperatorError, StoreError } from '../../errors.ts';
import { asIs } from '../../language.ts';
import type { Language } from '../../language.ts';
import { detailsWithoutTokens, holdsSecret } from '../../operations/hide-secrets.ts';
import { auditWrite, fitsAudit, recordAudit } from '../../operations/record-audit.ts';
import type { AskedWrite } from '../../operators/operator-store.ts';
import type { Operator } from '../../operators/operator.ts';
import { isAllowed } from '../../operators/role.ts';
import type { AdminAnswer, AdminPages, AdminRequest, StreamHolder } from '../exchange.ts';
import type { ApiContext } from './api-context.ts';
import type { ApiAnswer, ApiRoute, ApiVisit } from './api-route.ts';
import { authenticate, isStillLetIn } from './authenticate.ts';
import { describeAdminApi } from './describe.ts';
import { checkFields, inKorean, readJsonBody, readQuery } from './fields.ts';
import type { Fields } from './fields.ts';
import { isOwn, keepToOwnClients } from './own-clients.ts';
import { answerProblem, MethodUnknown, Problem } from './problem.ts';
import { REASON_FIELD } from './reason-field.ts';
import { API_ROUTES } from './routes/routes.ts';
import { whileAllowed } from './while-allowed.ts';

export const API_PREFIX = '/api/v1';
const LIVE_PATH = `${API_PREFIX}/events/live`;

/** A call of an operation by somebody whose identity is known. */
export type ApiCall = {
  /** As in `GET /clients`. */
  readonly name: string;
  readonly operator: Operator;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: URLSearchParams | undefined;
  readonly body?: Readonly<Record<string, unknown>>;
  /** As of an `Idempotency-Key`. */
  readonly key?: string | undefined;
  readonly requestId: string;
  /** Of what the answer says to people. */
  readonly language: Language;
};

export type Api = {
  /** Answers requests below `/api/v1`. */
  readonly pages: AdminPages;
  /** Does what a request of this operator would do, with the same checks and entries in the audit log. Throws `Problem` and `StoreError`. */
  call(call: ApiCall): Promise<ApiAnswer>;
};

type FoundRoute = { readonly route: ApiRoute; readonly path: Readonly<Record<string, string>> };

/** A text of a URL may be encoded wrongly. */
const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const match = (pattern: string, path: string): Readonly<Record<string, string>> | undefined => {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    if (!part.startsWith('{')) {
      if (part !== text) return undefined;
      continue;
    }
    const value = decode(text);
    if (value === undefined || value === '' || value.length > 300 || value.includes('\0')) return undefined;
    found[part.slice(1, -1)] = value;
  }
  return found;
};

/** Throws `Problem` where there is no such path, or no such method on it. */
const findRoute = (method: string, path: string): FoundRoute => {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const onPath = API_ROUTES.flatMap((route) => {
    const found = match(route.path, path);
    return found === undefined ? [] : [{ route, path: found }];
  });
  if (onPath.length === 0)
    throw new Problem('not_found', {
      en: 'the admin API is described at /api/v1/openapi.json',
      ko: '관리 API는 /api/v1/openapi.json에 설명되어 있습니다.',
    });
  const fit = onPath.find(({ route }) => route.method === wanted);
  if (fit === undefined) throw new MethodUnknown(onPath.map(({ route }) => route.method));
  // A path without braces comes before one with them.
  return onPath.find(({ route }) => route.method === wanted && !route.path.includes('{')) ?? fit;
};

const fieldsOfBody = ({ action, body = {} }: ApiRoute): Fields =>
  action === undefined ? body : { ...body, reason: REASON_FIELD };

export const createApi = (context: ApiContext): Api => {
  let described: string | undefined;
  const visitOf = (
    { route, path }: FoundRoute,
    {
      operator,
      requestId,
      language,
      isStillAllowed,
    }: Pick<ApiVisit, 'operator' | 'requestId' | 'language' | 'isStillAllowed'>,
    { query, body }: Pick<ApiVisit, 'query' | 'body'>,
  ): ApiVisit => {
    const action = route.action ?? `${route.method.toLowerCase()} ${route.path}`;
    const reason = typeof body['reason'] === 'string' ? body['reason'] : '';
    const by = { operator, requestId, reason };
    return {
      operator,
      requestId,
      language,
      path,
      query,
      body,
      isStillAllowed,
      may: (permission) => isAllowed(operator.role, permission),
      isOwn: (clientId) => isOwn(operator, clientId),
      async look(target, given = {}) {
        context.limits.noteLook(operator);
        const details = await detailsWithoutTokens(context, given);
        await recordAudit(context, { ...by, action: lookOf(route), target, details }, 'seen');
      },
      async write(work, faultOf, { target = '', details: given = {} } = {}) {
        const details = await detailsWithoutTokens(context, given);
        // What the log could not say in full must not happen: somebody could hide a change behind others.
        if (!fitsAudit(details))
          throw new Problem('body_invalid', {
            en: 'this is too much for one entry of the audit log',
            ko: '감사 로그 항목 하나에 담기에는 너무 많습니다.',
          });
        return auditWrite(context, { ...by, action, target, details }, work, faultOf);
      },
    };
  };

  const run = async (found: FoundRoute, asked: ApiVisit, key: string | undefined): Promise<ApiAnswer> => {
    const { route } = found;
    if (!asked.may(route.permission))
      throw new Problem('not_permitted', {
        en: `${asked.operator.role} lacks ${route.permission}`,
        ko: `${route.permission} 권한이 필요합니다.`,
      });
    const visit = await keepToOwnClients(context, route, asked);
    if (route.action === undefined) return handle(context, route, visit);
    if (typeof visit.body['reason'] !== 'string')
      throw new Problem('reason_missing', {
        en: 'say why in the member reason or the header Keyfob-Reason',
        ko: 'reason 항목이나 Keyfob-Reason 헤더에 사유를 적으세요.',
      });
    await refuseSecrets(context, visit);
    context.limits.noteWrite(visit.operator);
    if (key === undefined) return handle(context, route, visit);
    return once(context, askedWriteOf(visit, route, key), () => handle(context, route, visit));
  };

  return {
    async call({
      name,
      operator,
      path = {},
      query = new URLSearchParams(),
      body = {},
      key,
      requestId,
      language,
    }) {
      const [method = '', pattern = ''] = name.split(' ');
      const route = API_ROUTES.find((one) => one.method === method && one.path === pattern);
      if (route === undefined) throw new Problem('not_found', asIs(name));
      checkFields(body, fieldsOfBody(route), 'body_invalid');
      const values = { query: readQuery(query, route.query ?? {}), body };
      const by = { operator, requestId, language, isStillAllowed: async () => true };
      return run({ route, path }, visitOf({ route, path }, by, values), key);
    },

    async pages(request) {
      const { method, path, requestId } = request;
      if (path === `${API_PREFIX}/openapi.json` && (method === 'GET' || method === 'HEAD')) {
        described ??= `${JSON.stringify(describeAdminApi())}\n`;
        return { status: 200, type: 'application/json', body: described };
      }
      try {
        // Before the path is looked at, so that a stranger learns nothing but this. A browser opens its live stream again by itself,
        // with nobody there.
        const { operator, holder } = await authenticate(context, request, { isUse: path !== LIVE_PATH });
        const found = findRoute(method, path.slice(API_PREFIX.length));
        const isStillAllowed = () => isStillLetIn(context, request, operator);
        const by = { operator, requestId, language: 'en', isStillAllowed } as const;
        const visit = visitOf(found, by, readValues(request, found.route));
        const isDeveloper = operator.role === 'developer';
        return render(await run(found, visit, readKey(request)), { holder, isDeveloper }, by.isStillAllowed);
      } catch (error) {
        return renderFailure(error, requestId);
      }
    },
  };
};

/** What this deployment cannot do, and what to do instead, is for the operator. Throws `Problem` and `StoreError`. */
const handle = async (context: ApiContext, route: ApiRoute, visit: ApiVisit): Promise<ApiAnswer> => {
  try {
    return await route.handle(context, visit);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const { message, remedy } = error.said;
    throw new Problem('conflict', { en: `${message.en}. ${remedy.en}`, ko: `${message.ko} ${remedy.ko}` });
  }
};

/** The name of a look in the audit log, as in `grant.read`. */
const lookOf = ({ path }: ApiRoute): string => {
  if (path === '/grants/find') return 'grant.find';
  if (path === '/jobs/count') return 'grant.count';
  return path.startsWith('/jobs') ? 'grant.bulk.end' : 'grant.read';
};

/** What people write, or give as an id, goes into the audit log, which keeps it forever. Throws `Problem` and `StoreError`. */
const refuseSecrets = async (context: ApiContext, { body, path }: ApiVisit): Promise<void> => {
  for (const text of Object.values(path))
    if (await holdsSecret(context, text))
      throw new Problem('not_found', {
        en: 'the path contains a secret, not an id',
        ko: '경로에 ID가 아니라 시크릿이 있습니다.',
      });
  for (const name of ['reason', 'name']) {
    const text = body[name];
    if (typeof text === 'string' && (await holdsSecret(context, text)))
      throw new Problem('body_invalid', {
        en: `${name} contains a token, a key or a secret: it would be stored`,
        ko: `${inKorean(name)} 값에 토큰, 키 또는 시크릿이 있습니다. 그대로 저장되므로 받지 않습니다.`,
      });
  }
};

/** Throws `Problem`. */
const readValues = (request: AdminRequest, route: ApiRoute): Pick<ApiVisit, 'query' | 'body'> => {
  const { query, headers, body: text } = request;
  const given = headers['keyfob-reason'];
  const reason = typeof given === 'string' ? decode(given) : undefined;
  const fields = fieldsOfBody(route);
  const hasBody = route.body !== undefined || text !== '';
  const body = hasBody ? readJsonBody(text, headers['content-type'], fields) : {};
  const withReason = route.action === undefined || reason === undefined ? body : { reason, ...body };
  checkFields(withReason, fields, 'body_invalid');
  return { query: readQuery(query, route.query ?? {}), body: withReason };
};

/** Throws `Problem`. */
const readKey = ({ headers }: AdminRequest): string | undefined => {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new Problem('request_invalid', {
    en: 'Idempotency-Key must be 1 to 200 visible ASCII characters',
    ko: 'Idempotency-Key는 보이는 ASCII 문자 1~200자여야 합니다.',
  });
};

const digestOf = (value: unknown): Buffer => hash('sha256', JSON.stringify(value), 'buffer');

const askedWriteOf = (
  { operator, path, query, body }: ApiVisit,
  route: ApiRoute,
  key: string,
): AskedWrite => {
  const asked = [operator.kind, operator.id, route.method, route.path, path, query, key];
  // The key is in both: nobody finds an owner in the store by trying bodies.
  return { digest: digestOf(asked), body: digestOf([asked, body]) };
};

/** Does a write unless it was asked for before. One that certainly did not take place may be asked for again. */
const once = async (
  { store, clock }: Pick<ApiContext, 'store' | 'clock'>,
  asked: AskedWrite,
  work: () => Promise<ApiAnswer>,
): Promise<ApiAnswer> => {
  const claim = await store.claimWrite(asked, clock());
  if (claim === 'other')
    throw new Problem('key_of_another_write', {
      en: 'it came with another body before: nothing of this one was done; take a new key for a new write',
      ko: '같은 키로 다른 내용을 보낸 적이 있습니다. 이번 내용은 처리되지 않았으니 페이지를 새로 열어 다시 하세요.',
    });
  if (claim === 'seen')
    throw new Problem('already_asked', {
      en: 'read the resource: it was done, or it is under way; a secret is shown only once',
      ko: '이미 처리되었거나 처리 중이니 해당 페이지를 확인하세요. 시크릿은 한 번만 표시됩니다.',
    });
  try {
    return await work();
  } catch (error) {
    const isUndone =
      error instanceof Problem || (error instanceof StoreError && error.kind === 'unavailable');
    if (isUndone) await store.releaseWrite(asked.digest).catch(() => {});
    throw error;
  }
};

const render = (
  { status, body, stream }: ApiAnswer,
  holder: StreamHolder,
  isStillAllowed: () => Promise<boolean>,
): AdminAnswer => {
  if (stream !== undefined) {
    const run = whileAllowed(stream.run, isStillAllowed);
    return { status, type: stream.type, body: '', stream: { run, ...holder } };
  }
  return { status, type: 'application/json', body: body === undefined ? '' : `${JSON.stringify(body)}\n` };
};

/** Rethrows a bug. */
const renderFailure = (error: unknown, requestId: string): AdminAnswer => {
  if (error instanceof Problem) return answerProblem(error, requestId);
  if (!(error instanceof StoreError)) throw error;
  const isKnown = error.kind === 'unavailable';
  return answerProblem(new Problem(isKnown ? 'store_unavailable' : 'outcome_unknown'), requestId);
};
