import { renderToStaticMarkup } from 'preact-render-to-string';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';

/** To an editor's old address: somebody who takes over an account changes its address first, so the rightful owner has to hear of it. */
export function addressChangedMail({ name, lang }: { readonly name: string; readonly lang: Lang }): Mail {
  const paragraphs =
    lang === 'ar'
      ? [`مرحبًا ${name}،`, 'غُيّر العنوان الذي تسجّل به الدخول، وهذه آخر رسالة تصلك على هذا العنوان. إن لم تتوقع ذلك فاسأل مدير الموقع.']
      : [
          `Hello ${name},`,
          'The address with which you sign in was changed, and this is the last mail to this one. If you did not expect that, ask an admin.',
        ];
  return {
    subject: lang === 'ar' ? 'تغيّر عنوان حسابك' : 'The address of your account was changed',
    text: paragraphs.join('\n\n'),
    html: renderToStaticMarkup(
      <>
        {paragraphs.map((paragraph) => (
          <p dir="auto">{paragraph}</p>
        ))}
      </>,
    ),
  };
}
