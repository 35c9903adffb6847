/** A text of JSON, or a comment to the end of its line. What stands in a string is no comment. */
const STRING_OR_COMMENT = /"(?:\\.|[^"\\])*"|\/\/[^\n]*/g;

/** JSON in which a line may end with a comment, `//`. Throws `SyntaxError`, whose positions are those of the text. */
export const parseCommentedJson = (text: string): unknown =>
  JSON.parse(
    text
      .replace(/^\uFEFF/, ' ')
      .replace(STRING_OR_COMMENT, (found) => (found.startsWith('"') ? found : ' '.repeat(found.length))),
  );
