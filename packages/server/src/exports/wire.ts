/** `@keyfob/server/wire`: the endpoints as functions from requests to responses, both plain values. */
export type { WireRequest, WireResponse } from '../wire/exchange.ts';
export { createEndpoints } from '../http/endpoints.ts';
export type { RouteTable } from '../http/endpoints.ts';
export type { EndpointContext } from '../http/context.ts';
export { createClockSource } from '../clock-source.ts';
export type { ClockSource } from '../clock-source.ts';
export { createResourceServerRoutes } from '../http/resource-server-routes.ts';
export { createOpenApi } from '../http/openapi/document.ts';
export type { OpenApiDocument } from '../http/openapi/document.ts';
