/** What can happen instead of a connection. */
export type ConnectProblem = {
  readonly kind: keyof typeof PROBLEMS;
  /** The HTTP status of the page. */
  readonly status: number;
  /** The provider's code, or ours. For logs; shown to nobody. */
  readonly code: string;
  /** A path at which the owner can begin again; missing where that does not help. */
  readonly startAgain?: string | undefined;
};

type Texts = { readonly status: number; readonly title: string; readonly text: string };

/** What an owner reads. Nothing of it comes from a request. */
const PROBLEMS = {
  not_signed_in: {
    status: 403,
    title: 'Sign in first',
    text: 'We do not know for whom the car shall be connected. Sign in, and connect it from there.',
  },
  declined: {
    status: 200,
    title: 'Not connected',
    text: 'You did not allow access to your car. Nothing was changed.',
  },
  state_invalid: {
    status: 400,
    title: 'This link has ended',
    text: 'It was used already, is older than ten minutes, or was opened in another browser. Your car may be connected already.',
  },
  refused: {
    status: 502,
    title: 'Your car could not be connected',
    text: 'The service of the car maker did not accept the request.',
  },
  unavailable: {
    status: 503,
    title: 'Not at this moment',
    text: 'The service of the car maker does not answer, or we cannot store its answer. Load this page again in a minute.',
  },
  unanswered: {
    status: 504,
    title: 'Not connected yet',
    text: 'The service of the car maker did not answer in time. Start again. It may ask you once more.',
  },
  method_not_allowed: { status: 405, title: 'Wrong method', text: 'This address is for browsers.' },
} as const satisfies Record<string, Texts>;

/** The problem of a kind. */
export const problemOf = (
  kind: ConnectProblem['kind'],
  code: string,
  startAgain?: string,
): ConnectProblem => ({ kind, status: PROBLEMS[kind].status, code, startAgain });

/** A plain page for a problem. */
export const problemPage = ({ kind, status, startAgain }: ConnectProblem): Response => {
  const { title, text } = PROBLEMS[kind];
  const again = startAgain === undefined ? '' : `\n<p><a href="${escape(startAgain)}">Start again</a></p>`;
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<p>${text}</p>${again}
</html>
`;
  const headers = new Headers({ 'content-type': 'text/html; charset=utf-8' });
  if (kind === 'unavailable') headers.set('retry-after', '60');
  if (kind === 'method_not_allowed') headers.set('allow', 'GET');
  return new Response(page, { status, headers });
};

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
