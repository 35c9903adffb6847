import * as v from 'valibot';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { createControlOpenApi } from '../openapi.ts';

/** Health and description. `routes` are those that are described; `url` is where the sandbox is. */
export const createAboutRoutes = (
  routes: readonly ControlRoute[],
  url: () => string,
): readonly ControlRoute[] => {
  const about: readonly ControlRoute[] = [
    defineRoute({
      method: 'GET',
      path: '/health',
      tag: 'about',
      summary: 'Say that the sandbox is ready',
      status: 200,
      answer: v.object({ status: v.literal('ready'), version: v.string(), worlds: v.number() }),
      handle: ({ context }) => ({
        status: 'ready' as const,
        version: context.version,
        worlds: context.worlds.list().length,
      }),
    }),
    defineRoute({
      method: 'GET',
      path: '/openapi.json',
      tag: 'about',
      summary: 'Describe this API',
      status: 200,
      answer: v.record(v.string(), v.unknown()),
      handle: ({ context: { version } }) =>
        createControlOpenApi([...routes, ...about], { version, url: url() }),
    }),
  ];
  return about;
};
