import type { ConsoleContext } from '../console-context.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';

/** What pages show besides the answers of the API. */
export type ConsolePages = Pick<ConsoleContext, 'uses'>;

/** A page of the console, or what a form of one does: then where the browser goes next. */
export type ConsoleRoute = {
  readonly method: 'GET' | 'POST';
  readonly pattern: RegExp;
  readonly handle: (visit: ConsoleVisit, context: ConsolePages) => Promise<ConsolePage | string>;
};
