/** Where clients register themselves. @see RFC 7591 §3 */
export const REGISTRATION_PATH = '/oauth/register';
/** Where each manages its registration. @see RFC 7592 §2 */
export const REGISTERED_PATH = `${REGISTRATION_PATH}/{clientId}`;
