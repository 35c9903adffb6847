import { DIALECTS } from '../dialects/dialects.ts';
import type { WireResponse } from '../wire/exchange.ts';
import type { Route, RouteGroup, Visit } from '../wire/route.ts';
import { createAuthorizeRoutes } from './authorize-routes.ts';
import type { ConnectContext } from './context.ts';
import { createDemoRoutes } from './demo/callback-routes.ts';
import { homePage } from './pages/home-page.ts';
import { messageOf, renderMessage } from './pages/message-page.ts';
import { createDeviceRoutes } from './device-routes.ts';
import { createOwnerRoutes } from './owner-routes.ts';
import { createSelectRoutes } from './vehicles/select-routes.ts';
import { createPageContext } from './pages/page-context.ts';
import { renderPage } from './pages/page.ts';
import { CALLBACK_PATH, finishSignIn } from './sign-in/provider-sign-in.ts';
import { PAGES, refusePage } from './refuse-page.ts';
import { createVisitLimit } from './visit-limit.ts';
import { SCRIPT, STYLESHEET } from './pages/static-files.ts';

/** What a browser sees where there is nothing: at the root the way to the owner page, elsewhere a page that says so. */
const answerUnknownPage = (context: ConnectContext, visit: Visit): WireResponse => {
  const pageContext = createPageContext(context, visit);
  if (visit.request.path === '/') return renderPage(homePage(pageContext), pageContext);
  return refusePage({ context, visit, pageContext }, 'path_unknown');
};

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
    ...createDeviceRoutes(context),
    ...createDemoRoutes(context),
    [`GET ${CALLBACK_PATH}`]: (visit: Visit) => finishSignIn(context, visit),
  };
  return {
    name: PAGES,
    routes: {
      ...Object.fromEntries(Object.entries(pages).map(([name, route]) => [name, limit(route)])),
      [`GET ${STYLESHEET.path}`]: STYLESHEET.render,
      [`GET ${SCRIPT.path}`]: SCRIPT.render,
    },
    answerUnknownPage: (visit) => answerUnknownPage(context, visit),
    renderBug: (visit) => renderMessage('broken', createPageContext(context, visit)),
    renderRefusal: ({ reason, details, retryAfterSeconds }, visit) =>
      renderMessage(messageOf(reason), createPageContext(context, visit), {
        detail: details[0]?.message,
        retryAfterSeconds,
      }),
  };
};
