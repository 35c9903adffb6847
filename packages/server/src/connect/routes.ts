import { DIALECTS } from '../dialects/dialects.ts';
import type { Route, RouteGroup, Visit } from '../wire/route.ts';
import { createAuthorizeRoutes } from './authorize-routes.ts';
import type { ConnectContext } from './context.ts';
import { messageOf, renderMessage } from './pages/message-page.ts';
import { createOwnerRoutes } from './owner-routes.ts';
import { createSelectRoutes } from './vehicles/select-routes.ts';
import { createPageContext } from './pages/page-context.ts';
import { CALLBACK_PATH, finishSignIn } from './sign-in/provider-sign-in.ts';
import { createVisitLimit } from './visit-limit.ts';
import { SCRIPT, STYLESHEET } from './pages/static-files.ts';

/** The routes of the owners' pages. Every refusal here is a page too. */
export const createConnectRoutes = (context: ConnectContext): RouteGroup => {
  const limit = createVisitLimit(context.visitLimits, context);
  const pages: Readonly<Record<string, Route>> = {
    ...Object.assign(
      {},
      ...Object.values(DIALECTS).flatMap((dialect) => [
        createAuthorizeRoutes(context, dialect),
        createSelectRoutes(context, dialect),
      ]),
    ),
    ...createOwnerRoutes(context),
    [`GET ${CALLBACK_PATH}`]: (visit: Visit) => finishSignIn(context, visit),
  };
  return {
    name: 'connect',
    routes: {
      ...Object.fromEntries(Object.entries(pages).map(([name, route]) => [name, limit(route)])),
      [`GET ${STYLESHEET.path}`]: STYLESHEET.render,
      [`GET ${SCRIPT.path}`]: SCRIPT.render,
    },
    renderRefusal: ({ reason, details, retryAfterSeconds }, { request }) =>
      renderMessage(messageOf(reason), createPageContext(context, request), {
        detail: details[0]?.message,
        retryAfterSeconds,
      }),
  };
};
