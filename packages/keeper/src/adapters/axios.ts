import type { AxiosError, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Keeper } from '../keeper.ts';
import { isRepeatableBody } from './repeatable-body.ts';

/** Marks the config of a second request. axios copies it with the config. */
const REPEATED = 'isRepeatedByKeeper';
type Config = InternalAxiosRequestConfig & { [REPEATED]?: boolean };

/**
 * Gives an axios instance the access token of a connection, and returns it: `authorizeAxios(axios.create({ baseURL }), keeper,
 * 'vin:…')`. One instance per connection.
 */
export const authorizeAxios = <Instance extends AxiosInstance>(
  client: Instance,
  keeper: Pick<Keeper, 'authorizer'>,
  name: string,
): Instance => {
  const authorizer = keeper.authorizer(name);
  const sendAgain = async (response: AxiosResponse | undefined): Promise<AxiosResponse | undefined> => {
    const config = response?.config as Config | undefined;
    if (response === undefined || config === undefined || config[REPEATED] === true) return undefined;
    if (!isRepeatableBody(config.data)) return undefined;
    const { status, data } = response;
    const answer = { status, json: (): unknown => (typeof data === 'string' ? JSON.parse(data) : data) };
    const sent = String(config.headers.get('Authorization') ?? '');
    const next = await authorizer.onRejected(sent, answer, signalOf(config));
    if (next === undefined) return undefined;
    // The interceptors run again: the one below gets the new token from the keeper's memory.
    return client.request({ ...config, [REPEATED]: true } as Config);
  };
  client.interceptors.request.use(async (config) => {
    try {
      config.headers.set('Authorization', await authorizer.authorize(signalOf(config)));
    } catch (error) {
      // axios itself refuses a config whose signal is given, with the error that its users expect.
      if (config.signal?.aborted !== true) throw error;
    }
    return config;
  });
  client.interceptors.response.use(
    async (response) => (await sendAgain(response)) ?? response,
    async (error: AxiosError) => {
      const response = await sendAgain(error.response);
      if (response === undefined) throw error;
      return response;
    },
  );
  return client;
};

const signalOf = ({ signal }: InternalAxiosRequestConfig): AbortSignal | undefined =>
  signal instanceof AbortSignal ? signal : undefined;
