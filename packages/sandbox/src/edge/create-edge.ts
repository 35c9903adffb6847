import type { IncomingMessage, RequestListener } from 'node:http';
import type { WireRequest, WireResponse } from '@keyfob/server/wire';
import type { Control } from '../control/control.ts';
import { DEFAULT_WORLD } from '../worlds/worlds.ts';
import type { Worlds } from '../worlds/worlds.ts';
import { isOwnRequest } from './host-check.ts';
import { readBody } from './read-body.ts';
import { serveRequest } from './serve-request.ts';

export type EdgeContext = {
  readonly worlds: Worlds;
  readonly control: Control;
  /** Answers the requests for pages; `undefined` for every other. */
  readonly pages: (request: WireRequest) => Promise<WireResponse | undefined>;
  /** Names besides those of this machine by which the sandbox may be reached. */
  readonly allowedHosts: readonly string[];
};

const CONTROL = /^\/_sandbox(?:\/|$)/;
/** A world by its base path, also behind a well-known path (RFC 8414 §3.1). */
const WORLD = /^(?:\/\.well-known\/[^/]+)?\/w\/(?<id>[^/]+)/;

/** Answers all requests of the sandbox's own port. */
export const createEdge =
  ({ worlds, control, pages, allowedHosts }: EdgeContext): RequestListener =>
  (request, response) => {
    const respond = async (): Promise<void> => {
      const wire = await toWireRequest(request);
      if (wire === undefined) return void response.destroy();
      if (CONTROL.test(wire.path)) {
        if (!isOwnRequest(wire.headers, allowedHosts)) return control.refuseHost(response);
        const page = await pages(wire);
        if (page === undefined) return control.serve(wire, response);
        return void response.writeHead(page.status, page.headers).end(page.body);
      }
      const id = WORLD.exec(wire.path)?.groups?.['id'];
      const world = worlds.find(id ?? DEFAULT_WORLD);
      if (world === undefined || (id !== undefined && world.basePath === ''))
        return control.refuseWorld(id ?? DEFAULT_WORLD, response);
      await serveRequest(world, wire, response);
    };
    respond().catch(() => response.destroy());
  };

/** Answers the requests of a world with a port of its own. */
export const createWorldListener =
  ({ worlds, control }: Pick<EdgeContext, 'worlds' | 'control'>, id: string): RequestListener =>
  (request, response) => {
    const respond = async (): Promise<void> => {
      const wire = await toWireRequest(request);
      if (wire === undefined) return void response.destroy();
      const world = worlds.find(id);
      if (world === undefined) return control.refuseWorld(id, response);
      await serveRequest(world, wire, response);
    };
    respond().catch(() => response.destroy());
  };

const toWireRequest = async (request: IncomingMessage): Promise<WireRequest | undefined> => {
  const { method = '', url = '/' } = request;
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = target.indexOf('?');
  const body = await readBody(request);
  if (body === undefined) return undefined;
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: request.headers as WireRequest['headers'],
    body,
  };
};
