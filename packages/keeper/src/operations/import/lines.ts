/** A line of a file, without its end. */
export type Line = {
  /** From 1. */
  readonly number: number;
  /** Empty where it is too long. */
  readonly text: string;
  readonly isTooLong: boolean;
};

/** The limit of a line, and of a record that spans several lines. */
export const RECORD_MAX_CHARACTERS = 65_536;

/** Splits UTF-8 into lines and yields those of one chunk at a time. Invalid bytes become U+FFFD. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder('utf-8');
  let number = 0;
  let rest = '';
  let isTooLong = false;

  const toLine = (text: string): Line => {
    number++;
    const isOver = isTooLong || text.length > RECORD_MAX_CHARACTERS;
    isTooLong = false;
    return { number, text: isOver ? '' : text.replace(/\r$/, ''), isTooLong: isOver };
  };

  for await (const chunk of chunks) {
    const texts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = texts.pop() ?? '';
    yield texts.map(toLine);
    if (rest.length > RECORD_MAX_CHARACTERS) {
      isTooLong = true;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (rest !== '' || isTooLong) yield [toLine(rest)];
}
