/** The part of Smartcar's SDK for Node that the trials call; the package brings no types. */
declare module 'smartcar' {
  type Access = {
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly expiration: Date;
    readonly refreshExpiration: Date;
  };
  class AuthClient {
    constructor(options: {
      readonly clientId: string;
      readonly clientSecret: string;
      readonly redirectUri?: string;
    });
    exchangeRefreshToken(token: string, options?: { readonly flags?: object }): Promise<Access>;
    exchangeCode(code: string): Promise<Access>;
  }
  class SmartcarError extends Error {
    readonly type: string;
    readonly description: string;
    readonly statusCode: number;
    readonly requestId: string;
    readonly retryAfter?: string;
  }
  const smartcar: { readonly AuthClient: typeof AuthClient; readonly SmartcarError: typeof SmartcarError };
  export = smartcar;
}

declare module 'smartcar-9' {
  import smartcar = require('smartcar');
  export = smartcar;
}
