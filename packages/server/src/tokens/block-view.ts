/** The bytes of a buffer, to read and write numbers in them: several times as fast as the buffer's own methods. */
export const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView =>
  new DataView(buffer, byteOffset, length);

const UINT32_MAX = 0xffff_ffff;

/** Writes 4 bytes. Throws a `RangeError` where the value does not fit: a `DataView` itself would cut it. */
export const writeUint32 = (view: DataView, at: number, value: number): void => {
  if (!(value >= 0 && value <= UINT32_MAX)) throw new RangeError(`${value} does not fit into 4 bytes`);
  view.setUint32(at, value);
};
