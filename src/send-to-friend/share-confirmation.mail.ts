import { letter, phrase, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';
import { COMMON } from './share-letters.js';

interface AskedSender {
  readonly lang: Lang;
  readonly center: Letterhead;
  /** Of the page where he says that it was he. */
  readonly href: string;
  /** Where he refuses all such letters. */
  readonly optOut: string;
}

/**
 * To the address that was given as a sender's. It holds nothing of what was asked for, neither the name nor the piece nor the friends: whoever
 * types another's address here has him sent our own words, and no others.
 */
export function shareConfirmationMail({ lang, center, href, optOut }: AskedSender): Mail {
  const common = COMMON[lang];
  const words = {
    ar: {
      subject: `تأكيد عنوانك في ${center.name}`,
      asked: phrase`طُلب في موقع ${center.name} إرسال مادة بالبريد إلى صديق، وكُتب هذا العنوان على أنه عنوان المرسل.`,
      confirm: 'إن كنت أنت من طلب ذلك فأكده في الصفحة التالية خلال 24 ساعة. لن يُرسل شيء قبل أن تؤكد.',
      otherwise: 'وإن لم تكن أنت فلا تفعل شيئًا: لن يُرسل شيء، ويُحذف الطلب بعد 24 ساعة.',
      label: 'إلى صفحة التأكيد',
      why: 'وصلتك هذه الرسالة لأن شخصًا كتب عنوانك في خانة المرسل، وقد يكون غيرك.',
      kept: 'لا نحفظ عنوانك بعد انتهاء الطلب، ولا نضيفه إلى أي قائمة.',
    },
    en: {
      subject: `Confirm your address at ${center.name}`,
      asked: phrase`Somebody asked ${center.name} to mail a piece to a friend, and gave this address as the sender’s.`,
      confirm: 'If that was you, confirm it on the next page within 24 hours. Nothing is sent before you do.',
      otherwise: 'If it was not, do nothing: nothing will be sent, and the request is deleted after 24 hours.',
      label: 'To the page to confirm it',
      why: 'You got this letter because somebody, perhaps not you, entered your address as the sender’s.',
      kept: 'We do not keep your address once the request has ended, and put it on no list.',
    },
    fr: {
      subject: `Confirmez votre adresse auprès de ${center.name}`,
      asked: phrase`Quelqu’un a demandé à ${center.name} d’envoyer un texte à un ami par courriel, et a donné cette adresse comme celle de l’expéditeur.`,
      confirm: 'Si c’était vous, confirmez-le sur la page suivante dans les 24 heures. Rien n’est envoyé avant.',
      otherwise: 'Sinon, ne faites rien : rien ne sera envoyé, et la demande sera effacée après 24 heures.',
      label: 'Vers la page de confirmation',
      why: 'Vous recevez ce message parce que quelqu’un, peut-être un autre que vous, a saisi votre adresse comme celle de l’expéditeur.',
      kept: 'Votre adresse n’est pas conservée une fois la demande terminée, ni inscrite sur aucune liste.',
    },
  }[lang];
  return letter({
    lang,
    center,
    subject: words.subject,
    paragraphs: [words.asked, words.confirm, words.otherwise],
    action: { label: words.label, href },
    closing: common.silent,
    foot: { reasons: [words.why, `${words.kept} ${common.trace}`], optOut: { label: common.optOut, href: optOut } },
  });
}
