import type { ServerResponse } from 'node:http';
import type { WireRequest } from '@keyfob/server/wire';
import { parseInput } from '../parse-input.ts';
import { SandboxError } from '../sandbox-error.ts';
import type { ControlCall, ControlContext, ControlRoute } from './control-route.ts';
import { problemOf, sendProblem } from './problem.ts';
import { createRouting } from './routing.ts';

/** The control API: everything below `/_sandbox`. */
export type Control = {
  serve(request: WireRequest, response: ServerResponse): Promise<void>;
  /** Answers a call from within, as the pages make it, with the value that would be sent. Throws as the routes do. */
  ask: Ask;
  refuseHost(response: ServerResponse): void;
  refuseWorld(id: string, response: ServerResponse): void;
};

/** A call of the control API: a path below `/_sandbox`, its query, and a body that is not checked yet. */
export type AskedCall = {
  readonly method: ControlRoute['method'];
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** How the caller reaches the sandbox. */
  readonly origin?: string | undefined;
};
export type Ask = (call: AskedCall) => Promise<unknown>;

const BODY_MAX_BYTES = 65_536;

export const createControl = (context: ControlContext, routes: readonly ControlRoute[]): Control => {
  const find = createRouting(routes);

  const answer = async (request: WireRequest, response: ServerResponse): Promise<void> => {
    const { route, path } = find(request.method, request.path.slice('/_sandbox'.length) || '/');
    const left = new AbortController();
    response.once('close', () => left.abort());
    const query = Object.fromEntries(new URLSearchParams(request.query));
    const call = {
      context,
      path,
      query: route.query === undefined ? undefined : parseInput(route.query, query),
      body: readBody(route, request),
      origin: originOf(request),
      signal: left.signal,
    };
    send(response, route, await perform(route, call));
  };

  const ask: Ask = async ({ method, path: target, query = {}, body = {}, origin }) => {
    const { route, path } = find(method, target);
    return perform(route, {
      context,
      path,
      query: route.query === undefined ? undefined : parseInput(route.query, query),
      body: checkBody(route, body),
      origin,
      signal: new AbortController().signal,
    });
  };

  return {
    ask,
    serve: (request, response) =>
      answer(request, response).catch((error: unknown) => sendProblem(response, problemOf(error))),
    refuseHost: (response) =>
      sendProblem(
        response,
        problemOf(
          new SandboxError(
            'host_unknown',
            'the Host header names no address of this machine',
            'Use 127.0.0.1 or localhost, or start with --allow-host NAME.',
          ),
        ),
      ),
    refuseWorld: (id, response) =>
      sendProblem(
        response,
        problemOf(
          new SandboxError(
            'not_found',
            `there is no world ${id.slice(0, 40)}`,
            'POST /_sandbox/worlds creates one.',
          ),
        ),
      ),
  };
};

const perform = async (route: ControlRoute, call: ControlCall<unknown, unknown>): Promise<unknown> => {
  const world = call.context.worlds.find(call.path['world'] ?? '');
  try {
    return await route.handle(call as never);
  } catch (error) {
    throw world?.closing.aborted === true ? endedMeanwhile(error) : error;
  }
};

/** Its store is closed, so whatever the call was doing failed. */
const endedMeanwhile = (cause: unknown): unknown =>
  cause instanceof SandboxError
    ? cause
    : new SandboxError(
        'world_state',
        'the world was reset or removed during this call',
        'Ask again; GET /_sandbox/worlds lists the worlds that there are.',
        { cause },
      );

const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** In a container, or behind a proxy, only the caller knows under which name and port it is reached. */
const originOf = ({ headers: { host = '' } }: WireRequest): string | undefined =>
  HOST.test(host) && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).origin : undefined;

const readBody = (route: ControlRoute, request: WireRequest): unknown =>
  route.body === undefined ? undefined : checkBody(route, readJson(request));

const checkBody = ({ body, parse }: ControlRoute, value: unknown): unknown => {
  if (body === undefined) return undefined;
  return parse === undefined ? parseInput(body, value) : parse(value as never);
};

/** An empty body stands for an empty object. */
const readJson = ({ body, headers }: WireRequest): unknown => {
  if (body.length > BODY_MAX_BYTES)
    throw new SandboxError('body_too_large', 'the body is larger than 64 KiB', 'Send less.');
  if (body.length === 0) return {};
  // A form of another site cannot have this type without asking first.
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json')
    throw new SandboxError(
      'content_type_wrong',
      'the body is not announced as JSON',
      'Send Content-Type: application/json.',
    );
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new SandboxError('body_not_json', 'the body is not JSON', 'Send one JSON object.');
  }
};

const send = (response: ServerResponse, route: ControlRoute, value: unknown): void => {
  const body = value === undefined ? '' : `${JSON.stringify(value)}\n`;
  response
    .writeHead(route.status, {
      ...(value === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(route.status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) }),
      'Cache-Control': 'no-store',
    })
    .end(body);
};
