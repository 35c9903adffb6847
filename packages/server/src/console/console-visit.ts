import type { Api } from '../admin/api/api.ts';
import type { BrowserSession } from '../admin/api/session-cookie.ts';
import type { AdminRequest } from '../admin/exchange.ts';
import type { Millis } from '../clock.ts';
import type { Permission } from '../operators/role.ts';
import type { Language } from '../language.ts';
import type { Texts } from './texts/en.ts';

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
