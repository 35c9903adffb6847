import type { WorldClient } from './world-clients.ts';

/** Environment variables by their names. */
export type Environment = Readonly<Record<string, string>>;

type Place = { readonly url: string; readonly client: WorldClient };

const smartcarCredentials = ({ client }: Place): Environment => ({
  SMARTCAR_CLIENT_ID: client.clientId,
  SMARTCAR_CLIENT_SECRET: client.clientSecret,
  SMARTCAR_REDIRECT_URI: client.redirectUris[0] ?? '',
});

/** What each known SDK reads, by its name. The dialect says which client it gets. */
const ENVIRONMENTS: Readonly<
  Record<string, { readonly client: string; readonly variables: (place: Place) => Environment }>
> = {
  'smartcar-node': {
    client: 'smartcar',
    variables: (place) => ({
      SMARTCAR_AUTH_ORIGIN: place.url,
      SMARTCAR_API_ORIGIN: place.url,
      ...smartcarCredentials(place),
    }),
  },
  // This SDK posts to its value as it is, and reads it when it is imported.
  'smartcar-python': {
    client: 'smartcar',
    variables: (place) => ({
      SMARTCAR_AUTH_ORIGIN: `${place.url}/oauth/token`,
      SMARTCAR_CONNECT_ORIGIN: `${place.url}/oauth/authorize`,
      SMARTCAR_API_ORIGIN: place.url,
      ...smartcarCredentials(place),
    }),
  },
  'smartcar-java': {
    client: 'smartcar',
    variables: (place) => ({
      SMARTCAR_AUTH_ORIGIN: place.url,
      SMARTCAR_CONNECT_ORIGIN: place.url,
      ...smartcarCredentials(place),
    }),
  },
  'smartcar-ruby': {
    client: 'smartcar',
    variables: (place) => ({
      SMARTCAR_AUTH_ORIGIN: place.url,
      SMARTCAR_CONNECT_ORIGIN: place.url,
      SMARTCAR_VEHICLE_API_ORIGIN: place.url,
      ...smartcarCredentials(place),
    }),
  },
  pleos: {
    client: 'pleos',
    variables: ({ url, client }) => ({
      PLEOS_BASE_URL: url,
      PLEOS_CLIENT_ID: client.clientId,
      PLEOS_CLIENT_SECRET: client.clientSecret,
    }),
  },
  oauth: {
    client: 'oauth',
    variables: ({ url, client }) => ({
      OAUTH_ISSUER: url,
      OAUTH_CLIENT_ID: client.clientId,
      OAUTH_CLIENT_SECRET: client.clientSecret,
    }),
  },
};

/** The variables that each known SDK wants, to reach a world as one of its clients. */
export const environmentsOf = (
  url: string,
  find: (name: string) => WorldClient | undefined,
): Readonly<Record<string, Environment>> =>
  Object.fromEntries(
    Object.entries(ENVIRONMENTS).flatMap(([name, { client: wanted, variables }]) => {
      const client = find(wanted);
      return client === undefined ? [] : [[name, variables({ url, client })] as const];
    }),
  );
