import { readOperatorKey } from '../../operations/operator-sessions.ts';
import type { Operator } from '../../operators/operator.ts';
import type { AdminRequest } from '../exchange.ts';
import type { ApiContext } from './api-context.ts';
import { Problem } from './problem.ts';
import { formTokenOf, readSessionCookie } from './session-cookie.ts';

/** Who sends a request. */
export type Sender = {
  readonly operator: Operator;
  /** Names the person or the program, whose live streams are counted together. */
  readonly holder: string;
};

const BEARER = /^Bearer +(?<key>[^\s]{1,200})$/i;

/**
 * Who sends a request: the holder of an operator key, or somebody who is signed in to the console, who may only read here: a page
 * of another site could make a browser send a cookie. `isUse`: whether the session is in use by it. Throws `Problem` and `StoreError`.
 */
export const authenticate = async (
  context: ApiContext,
  request: AdminRequest,
  { isUse }: { readonly isUse: boolean },
): Promise<Sender> => {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const key = BEARER.exec(authorization)?.groups?.['key'];
    const operator = key === undefined ? undefined : await readOperatorKey(context, key);
    if (operator === undefined)
      throw new Problem('not_authenticated', {
        en: 'the operator key is unknown or has ended',
        ko: '알 수 없거나 만료된 운영자 키입니다.',
      });
    return { operator, holder: holderOf(operator) };
  }
  const session = await readSessionCookie(context, request, { isUse });
  if (session === undefined)
    throw new Problem('not_authenticated', {
      en: 'send an operator key as a bearer token',
      ko: '운영자 키를 Bearer 토큰으로 보내세요.',
    });
  if (!['GET', 'HEAD'].includes(request.method))
    throw new Problem('not_permitted', {
      en: 'a session of the console only reads here: use an operator key',
      ko: '콘솔 세션은 여기에서 읽기만 할 수 있습니다. 운영자 키를 사용하세요.',
    });
  const { operator } = session;
  // Links have the name of the account that printed them, which may be the same for several people.
  return { operator, holder: operator.kind === 'link' ? `link ${formTokenOf(session)}` : holderOf(operator) };
};

const holderOf = ({ kind, id }: Operator): string => `${kind} ${id}`;

/** Whether a request would still be let in as this operator. Throws `StoreError`. */
export const isStillLetIn = async (
  context: ApiContext,
  request: AdminRequest,
  before: Operator,
): Promise<boolean> => {
  try {
    const { kind, id, role } = (await authenticate(context, request, { isUse: false })).operator;
    return kind === before.kind && id === before.id && role === before.role;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
};
