/** The part of Smartcar's SDK for Node that the trials call. The package includes no types. */
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
      readonly mode?: string;
    });
    getAuthUrl(scope: readonly string[], options?: { readonly state?: string }): string;
    exchangeRefreshToken(token: string, options?: { readonly flags?: object }): Promise<Access>;
    exchangeCode(code: string): Promise<Access>;
  }
  type Meta = { readonly meta: { readonly requestId: string } };
  type Paging = { readonly limit?: number; readonly offset?: number };
  type Page = Meta & { readonly paging: { readonly count: number; readonly offset: number } };
  class Vehicle {
    constructor(id: string, token: string);
    attributes(): Promise<
      Meta & { readonly id: string; readonly make: string; readonly model: string; readonly year: number }
    >;
    permissions(paging?: Paging): Promise<Page & { readonly permissions: readonly string[] }>;
    disconnect(): Promise<Meta & { readonly status: string }>;
    odometer(): Promise<unknown>;
  }
  class SmartcarError extends Error {
    readonly type: string;
    /** Absent if the body has null. */
    readonly code?: string;
    readonly docURL?: string;
    readonly resolution?: { readonly type: string | null };
    readonly detail?: readonly object[];
    readonly description: string;
    readonly statusCode: number;
    readonly requestId: string;
    readonly retryAfter?: string;
  }
  const smartcar: {
    readonly AuthClient: typeof AuthClient;
    readonly SmartcarError: typeof SmartcarError;
    readonly Vehicle: typeof Vehicle;
    getVehicles(
      accessToken: string,
      paging?: Paging,
    ): Promise<Page & { readonly vehicles: readonly string[] }>;
    getUser(accessToken: string): Promise<Meta & { readonly id: string }>;
  };
  export = smartcar;
}

declare module 'smartcar-9' {
  import smartcar = require('smartcar');
  export = smartcar;
}
