/**
 * The header with the id of a request. Header names have no case (RFC 9110 §5.1), but the vendor's SDK for Java looks for
 * this spelling.
 */
export const REQUEST_ID = 'sc-request-id';
