/** The part of simple-oauth2 that the trials call. The package includes no types. */
declare module 'simple-oauth2' {
  type Token = Readonly<Record<string, unknown>>;
  type Config = {
    readonly client: { readonly id: string; readonly secret: string };
    readonly auth: { readonly tokenHost: string; readonly tokenPath?: string };
    readonly options?: {
      readonly credentialsEncodingMode?: 'strict' | 'loose';
      readonly authorizationMethod?: 'header' | 'body';
      readonly bodyFormat?: 'form' | 'json';
    };
    readonly http?: { readonly headers?: Readonly<Record<string, string>> };
  };
  class AccessToken {
    readonly token: Token;
    refresh(): Promise<AccessToken>;
  }
  export class AuthorizationCode {
    constructor(config: Config);
    createToken(token: Token): AccessToken;
    getToken(params: { readonly code: string; readonly redirect_uri: string }): Promise<AccessToken>;
  }
  export class ClientCredentials {
    constructor(config: Config);
    getToken(params: object): Promise<AccessToken>;
  }
  export type { Config };
}
