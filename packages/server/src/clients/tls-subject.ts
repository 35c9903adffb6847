/** Whom a certificate is issued to, as a policy names it: the kind of a name, and the name; or nobody. */
export const TLS_SUBJECT = /^(?:(?:dn|dns|uri|ip|email):[\x20-\x7e]+)?$/;
