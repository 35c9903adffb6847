/** The certificate of a client, whose key the client has shown in a TLS handshake. */
export type ClientCertificate = {
  /** SHA-256 of its DER, in 43 characters of base64url (`x5t#S256`, RFC 8705 §3.1). */
  readonly thumbprint: string;
};
