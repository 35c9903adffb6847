import type { Api } from '../admin/api/api.ts';
import type { BrowserSession } from '../admin/api/session-cookie.ts';
import type { AdminRequest } from '../admin/exchange.ts';
import type { Millis } from '../clock.ts';
import { isAllowed } from '../operators/role.ts';
import type { Permission } from '../operators/role.ts';
import type { Language } from '../language.ts';
import type { ConsoleContext } from './console-context.ts';
import type { Texts } from './texts/en.ts';
import { TEXTS } from './texts/texts.ts';

/** A request of somebody who is signed in. */
export type ConsoleVisit = {
  readonly request: AdminRequest;
  readonly session: BrowserSession;
  readonly language: Language;
  readonly texts: Texts;
  readonly nowMs: Millis;
  /** The parts of the path in braces. */
  readonly path: Readonly<Record<string, string>>;
  /** The fields of a form that a page of this session sent; empty for GET. */
  readonly form: ReadonlyMap<string, string>;
  may(permission: Permission): boolean;
  /** Does an operation of the admin API as this operator. Throws `Problem` and `StoreError`. */
  call<Body>(
    name: string,
    more?: Omit<Parameters<Api['call']>[0], 'name' | 'operator' | 'requestId' | 'language' | 'query'> & {
      readonly query?: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<Body>;
};

/** A visit, from what its request says and who sent it. */
export const visitOf = (
  { api, clock }: ConsoleContext,
  given: Pick<ConsoleVisit, 'request' | 'language' | 'session' | 'form' | 'path'>,
): ConsoleVisit => {
  const { operator } = given.session;
  const { requestId } = given.request;
  return {
    ...given,
    texts: TEXTS[given.language],
    nowMs: clock(),
    may: (permission) => isAllowed(operator.role, permission),
    async call<Body>(name: string, { query = {}, ...more }: Parameters<ConsoleVisit['call']>[1] = {}) {
      const entries = Object.entries(query).flatMap(([key, value]): [string, string][] =>
        value === undefined || value === '' ? [] : [[key, value]],
      );
      const { body } = await api.call({
        name,
        operator,
        requestId,
        language: given.language,
        query: new URLSearchParams(entries),
        ...more,
      });
      return body as Body;
    },
  };
};
