import { renderToStaticMarkup } from 'preact-render-to-string';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';

/** To a new editor: the way in. */
export function invitationMail({ name, lang }: { readonly name: string; readonly lang: Lang }, href: string): Mail {
  const paragraphs =
    lang === 'ar'
      ? [`مرحبًا ${name}،`, 'دُعيت إلى التحرير. اختر كلمة سر من هذا الرابط خلال سبعة أيام:', href]
      : [`Hello ${name},`, 'You have been invited to edit. Choose a password at this link within seven days:', href];
  return {
    subject: lang === 'ar' ? 'دعوة إلى التحرير' : 'Your invitation to edit',
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
