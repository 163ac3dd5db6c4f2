import { cited, letter, phrase, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';
import type { Phrase } from '../text/wording.js';

/** A vote that waits for its reader's word. */
interface AskedVote {
  /** Of the letter. */
  readonly lang: Lang;
  readonly center: Letterhead;
  readonly question: Pick<Phrase, 'text' | 'lang'>;
  /** What the ballot chose. */
  readonly options: readonly Pick<Phrase, 'text' | 'lang'>[];
  /** Of the page where the vote is confirmed. */
  readonly href: string;
}

/**
 * To whoever's address was given with a vote. The subject says nothing of the poll, because it is what stands on a locked screen; the letter
 * shows question and choice, so that nobody confirms another's vote.
 */
export function voteMail({ lang, center, question, options, href }: AskedVote): Mail {
  const words = {
    ar: {
      subject: `تأكيد صوتك في ${center.name}`,
      asked: phrase`وصل إلى ${center.name} صوت كُتب معه هذا العنوان، في هذا الاستطلاع:`,
      chosen: options.length === 1 ? 'والاختيار فيه:' : 'والاختيارات فيه:',
      label: 'إلى صفحة التأكيد',
      until: 'لا يُحسب الصوت إلا إذا أكدته في الصفحة التالية، خلال 24 ساعة. إن لم يكن صوتك فلا تفعل شيئًا، ولن يُحسب.',
      kept: 'لا نحفظ عنوانك بعد إرسال هذه الرسالة. تبقى بدله بصمة مشفرة، حتى لا يُحسب للعنوان صوتان، ثم تُتلف بعد 14 يومًا من إغلاق الاستطلاع.',
    },
    en: {
      subject: `Confirm your vote at ${center.name}`,
      asked: phrase`A vote with this address has reached ${center.name}, in this poll:`,
      chosen: options.length === 1 ? 'It chose:' : 'It chose these:',
      label: 'To the page to confirm it',
      until:
        'It counts only if you confirm it on the next page, within 24 hours. If it is not your vote, do nothing: it will not be counted.',
      kept: 'We do not keep your address once this letter is sent. What stays in its place is a keyed fingerprint, so that no address has two votes; it is destroyed 14 days after the poll has closed.',
    },
    fr: {
      subject: `Confirmez votre vote auprès de ${center.name}`,
      asked: phrase`Un vote accompagné de cette adresse est parvenu à ${center.name}, dans ce sondage :`,
      chosen: options.length === 1 ? 'Son choix :' : 'Ses choix :',
      label: 'Vers la page de confirmation',
      until:
        'Il ne compte que si vous le confirmez sur la page suivante, dans les 24 heures. Si ce n’est pas votre vote, ne faites rien : il ne sera pas compté.',
      kept: 'Votre adresse n’est pas conservée une fois cette lettre envoyée. Il n’en reste qu’une empreinte chiffrée, pour qu’aucune adresse n’ait deux voix ; elle est détruite 14 jours après la clôture du sondage.',
    },
  }[lang];
  return letter({
    lang,
    center,
    subject: words.subject,
    paragraphs: [words.asked, cited(question), words.chosen, cited(...options), words.until],
    action: { label: words.label, href },
    closing: words.kept,
  });
}
