import { createAdminOpenApi } from './openapi.ts';
import { API_ROUTES } from './routes/routes.ts';

/** The description of the admin API, OpenAPI 3.1, as `/api/v1/openapi.json` serves it. */
export const describeAdminApi = () => createAdminOpenApi(API_ROUTES);
