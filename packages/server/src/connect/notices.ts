import type { ConnectContext } from './context.ts';
import { NOTICES } from './pages/owner-page.ts';
import type { Notice } from './pages/owner-page.ts';
import { deriveSecret, isSecretOf } from './sign-in/session.ts';
import type { Session } from './sign-in/session.ts';

const purposeOf = (notice: Notice): string => `notice ${notice}`;

/** A notice as it travels in an address. Only this session can show it, so that no link says what has not happened. */
export const sealNotice = (context: ConnectContext, session: Session, notice: Notice): string =>
  `${notice}.${deriveSecret(context, session, purposeOf(notice))}`;

/** The notice that this session sealed; `undefined` for any other text. */
export const openNotice = (
  context: ConnectContext,
  session: Session,
  text: string | undefined,
): Notice | undefined => {
  const [name, seal] = (text ?? '').split('.', 2);
  const notice = NOTICES.find((one) => one === name);
  return notice !== undefined && isSecretOf(context, session, purposeOf(notice), seal) ? notice : undefined;
};

/** The address with a notice. */
export const withNotice = (target: string, sealed: string): string =>
  `${target}${target.includes('?') ? '&' : '?'}done=${sealed}`;
