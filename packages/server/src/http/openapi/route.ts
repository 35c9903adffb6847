import { answerEverybody } from '../../dialects/oauth/answers.ts';
import type { WireResponse } from '../../wire/exchange.ts';
import type { Route } from '../../wire/route.ts';
import { createOpenApi } from './document.ts';

/** `GET /openapi.json`: the description of the public endpoints. Written once for each issuer, of which a server has one. */
export const createOpenApiRoute = (context: { readonly issuer: string }): Route => {
  let written: { readonly issuer: string; readonly response: WireResponse } | undefined;
  return () => {
    const { issuer } = context;
    if (written?.issuer !== issuer)
      written = { issuer, response: answerEverybody(createOpenApi(issuer), { isCacheable: true }) };
    return written.response;
  };
};
