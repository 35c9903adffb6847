import { DIALECTS } from '../dialects/dialects.ts';
import type { RouteGroup } from '../wire/route.ts';
import { createAuthorizeRoutes } from './authorize-routes.ts';
import type { ConnectContext } from './context.ts';
import { messageOf, renderMessage } from './pages/message-page.ts';
import { createOwnerRoutes } from './owner-routes.ts';
import { createSelectRoutes } from './vehicles/select-routes.ts';
import { createPageContext } from './pages/page-context.ts';
import { CALLBACK_PATH, finishSignIn } from './sign-in/provider-sign-in.ts';
import { renderStylesheet, STYLESHEET_PATH } from './pages/stylesheet.ts';

/** The routes of the owners' pages. Every refusal here is a page too. */
export const createConnectRoutes = (context: ConnectContext): RouteGroup => ({
  name: 'connect',
  routes: {
    ...Object.assign(
      {},
      ...Object.values(DIALECTS).flatMap((dialect) => [
        createAuthorizeRoutes(context, dialect),
        createSelectRoutes(context, dialect),
      ]),
    ),
    ...createOwnerRoutes(context),
    [`GET ${CALLBACK_PATH}`]: (visit) => finishSignIn(context, visit),
    [`GET ${STYLESHEET_PATH}`]: renderStylesheet,
  },
  renderRefusal: ({ reason, details }, { request }) =>
    renderMessage(messageOf(reason), createPageContext(context, request), { detail: details[0]?.message }),
});
