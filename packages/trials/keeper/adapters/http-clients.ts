import { Readable } from 'node:stream';
import axios, { isAxiosError } from 'axios';
import ky from 'ky';
import createClient from 'openapi-fetch';
import { Agent } from 'undici';
import type { Keeper } from '@keyfob/keeper';
import { authorizeAxios } from '@keyfob/keeper/axios';
import { kyOptions } from '@keyfob/keeper/ky';
import { openapiFetchOptions } from '@keyfob/keeper/openapi-fetch';
import { undiciInterceptor } from '@keyfob/keeper/undici';

/** One request to `/car`: GET without a body, POST with one. */
export type CarRequest = {
  readonly body?: string;
  /** Sends the body as a stream. */
  readonly isStream?: boolean;
  readonly signal?: AbortSignal;
};

/** What came back, in one form. An error of the client that has no answer is thrown. */
export type CarAnswer = { readonly status: number; readonly body: unknown };

/** A real HTTP client with the token of one car. */
export type HttpClient = (request?: CarRequest) => Promise<CarAnswer>;

/** Makes a client for a car. */
export type ClientMaker = (keeper: Keeper, name: string, baseUrl: string) => HttpClient;

const methodOf = ({ body }: CarRequest): 'GET' | 'POST' => (body === undefined ? 'GET' : 'POST');
const webStream = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream();
const webBody = ({ body, isStream = false }: CarRequest): string | ReadableStream<Uint8Array> | undefined =>
  body !== undefined && isStream ? webStream(body) : body;
const answerOf = async (response: Response): Promise<CarAnswer> => ({
  status: response.status,
  body: await response.json(),
});

/** `fetch` and the adapters, as their READMEs use them. */
export const CLIENTS: Readonly<Record<string, ClientMaker>> = {
  fetch(keeper, name, baseUrl) {
    const send = keeper.fetch(name);
    return async (request = {}) => {
      const { signal = null } = request;
      const body = webBody(request) ?? null;
      return answerOf(
        await send(`${baseUrl}/car`, { method: methodOf(request), body, signal, duplex: 'half' }),
      );
    };
  },
  axios(keeper, name, baseURL) {
    const car = authorizeAxios(axios.create({ baseURL }), keeper, name);
    return async (request = {}) => {
      const { body, isStream = false, signal } = request;
      const data = body !== undefined && isStream ? Readable.from([body]) : body;
      try {
        const response = await car.request({
          url: '/car',
          method: methodOf(request),
          ...(data === undefined ? {} : { data }),
          ...(signal === undefined ? {} : { signal }),
        });
        return { status: response.status, body: response.data };
      } catch (error) {
        if (!isAxiosError(error) || error.response === undefined) throw error;
        return { status: error.response.status, body: error.response.data };
      }
    };
  },
  ky(keeper, name, prefixUrl) {
    const car = ky.extend({ prefixUrl, throwHttpErrors: false, ...kyOptions(keeper, name) });
    return async (request = {}) => {
      const { signal = null } = request;
      const body = webBody(request) ?? null;
      return answerOf(await car('car', { method: methodOf(request), body, signal }));
    };
  },
  'openapi-fetch'(keeper, name, baseUrl) {
    type Answers = { responses: { 200: { content: { 'application/json': { body: string } } } } };
    type Paths = {
      '/car': {
        get: Answers;
        post: Answers & { requestBody: { content: { 'application/json': unknown } } };
      };
    };
    const car = createClient<Paths>({ baseUrl, ...openapiFetchOptions(keeper, name) });
    return async (request = {}) => {
      const { signal = null } = request;
      const options = { signal, duplex: 'half' as const };
      const { data, error, response } =
        request.body === undefined
          ? await car.GET('/car', options)
          : await car.POST('/car', { ...options, body: webBody(request), bodySerializer: (body) => body });
      return { status: response.status, body: data ?? error };
    };
  },
  undici(keeper, name, origin) {
    const car = new Agent().compose(undiciInterceptor(keeper, name));
    return async (request = {}) => {
      const { body, isStream = false, signal } = request;
      const response = await car.request({
        origin,
        path: '/car',
        method: methodOf(request),
        body: body !== undefined && isStream ? Readable.from([Buffer.from(body)]) : (body ?? null),
        headers: ['x-trial', 'yes'],
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: response.statusCode, body: await response.body.json() };
    };
  },
};
