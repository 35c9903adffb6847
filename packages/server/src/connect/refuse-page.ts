import type { ClientReason, RefusalReason } from '../errors.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { messageOf, renderMessage } from './pages/message-page.ts';
import type { PageContext } from './pages/page-context.ts';

/** Whose refusals these are, in log events. */
export const PAGES = 'connect';

/** Answers a visit with a page in the owner's language and the colours of the make, and reports why. */
export const refusePage = (
  {
    context,
    visit: { exchange, caller },
    pageContext,
  }: {
    readonly context: Pick<ConnectContext, 'emit'>;
    readonly visit: Pick<Visit, 'exchange' | 'caller'>;
    readonly pageContext: PageContext;
  },
  reason: Exclude<RefusalReason, ClientReason>,
): WireResponse => {
  const { requestId } = exchange;
  context.emit({ event: 'request.refused', dialect: PAGES, requestId, caller, reason });
  return renderMessage(messageOf(reason), pageContext);
};
