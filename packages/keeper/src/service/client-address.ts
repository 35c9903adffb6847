/**
 * The address of a request's sender: that of the connection, or what so many trusted proxies wrote into `X-Forwarded-For`.
 * Each proxy adds to the right, so what a client writes itself is never taken.
 */
export const clientAddress = (
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  forwardedHops: number,
): string => {
  const connection = socketAddress ?? 'unknown';
  if (forwardedHops === 0 || forwardedFor === undefined) return connection;
  const addresses = forwardedFor.split(',').map((address) => address.trim());
  return addresses.at(-forwardedHops) ?? addresses[0] ?? connection;
};
