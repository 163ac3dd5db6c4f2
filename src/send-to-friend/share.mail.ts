import { letter, phrase, quoted, type Letterhead, type Quotation } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';
import type { Piece } from './pieces.service.js';
import { COMMON } from './share-letters.js';
import { withoutLinks } from './share-message.js';

interface SentPiece {
  /** Of the letter; the piece keeps its own. */
  readonly lang: Lang;
  readonly center: Letterhead;
  readonly piece: Piece;
  /** As the sender gave it, and as `senderName` let it through: nobody knows whether it is his. */
  readonly senderName: string;
  readonly message: string | null;
  /** Whether an answer goes to the sender. */
  readonly replies: boolean;
  /** Where the recipient refuses all such letters. */
  readonly optOut: string;
}

/**
 * A piece, to the friend of a stranger. The subject holds nothing of his; in the body his name and message stand as his and not as the
 * center's, and lead nowhere: {@link withoutLinks} has the last word here, whoever calls.
 */
export function shareMail({ lang, center, piece, senderName, message, replies, optOut }: SentPiece): Mail {
  const title = shortened(piece.title);
  const common = COMMON[lang];
  const words = {
    ar: {
      subject: `مادة أُرسلت إليك: ${title}`,
      sent: phrase`شخص عرّف نفسه باسم «${senderName}» يرسل إليك هذه المادة من موقع ${center.name}.`,
      message: 'وكتب معها:',
      corrected: 'صُحّحت هذه المادة بعد نشرها، وفي صفحتها بيان ما صُحّح.',
      retracted: 'سُحبت هذه المادة بعد نشرها، وفي صفحتها بيان السبب.',
      label: 'اقرأ المادة',
      replies: 'إن رددت على هذه الرسالة وصل ردك إلى من أرسلها، لا إلى المركز.',
      why: phrase`وصلتك هذه الرسالة لأن شخصًا كتب عنوانك في موقع ${center.name} وطلب إرسال المادة إليك، ولم يختر المركز من تُرسل إليه.`,
      kept: 'لم نحفظ عنوانك، ولم نضفه إلى أي قائمة.',
    },
    en: {
      subject: `A piece sent to you: ${title}`,
      sent: phrase`Someone who gave the name “${senderName}” sends you this piece from ${center.name}.`,
      message: 'They added:',
      corrected: 'This piece was corrected after it was published; its page says what was changed.',
      retracted: 'This piece has been retracted since it was published; its page says why.',
      label: 'Read the piece',
      replies: 'If you reply to this letter, your answer goes to the person who sent it, not to the center.',
      why: phrase`You got this letter because somebody entered your address at ${center.name} and asked to have the piece sent to you; the center did not choose whom it goes to.`,
      kept: 'We did not keep your address and put it on no list.',
    },
    fr: {
      subject: `Un texte pour vous : ${title}`,
      sent: phrase`Une personne qui dit s’appeler « ${senderName} » vous envoie ce texte, publié sur le site ${center.name}.`,
      message: 'Avec ces mots :',
      corrected: 'Ce texte a été corrigé après sa publication ; sa page indique ce qui a changé.',
      retracted: 'Ce texte a été rétracté après sa publication ; sa page indique pourquoi.',
      label: 'Lire le texte',
      replies: 'Si vous répondez à ce message, votre réponse ira à la personne qui vous l’a envoyé, et non au centre.',
      why: phrase`Vous recevez ce message parce que quelqu’un a saisi votre adresse sur le site ${center.name} et demandé que ce texte vous soit envoyé ; le centre ne choisit pas à qui il l’est.`,
      kept: 'Nous n’avons pas conservé votre adresse et ne l’avons inscrite sur aucune liste.',
    },
  }[lang];
  const said = message === null ? '' : withoutLinks(message);
  const added: readonly (string | Quotation)[] = said === '' ? [] : [words.message, quoted(said)];
  const note = piece.status === 'published' ? {} : { note: words[piece.status] };
  return letter({
    lang,
    center,
    subject: words.subject,
    paragraphs: [words.sent, ...added],
    card: { ...piece, ...note },
    action: { label: words.label, href: piece.href },
    closing: replies ? words.replies : common.silent,
    foot: { reasons: [words.why, `${words.kept} ${common.trace}`], optOut: { label: common.optOut, href: optOut } },
  });
}

/** What fits into lists of mail on any screen, twice over. */
const SUBJECT_TITLE = 150;

/** Cut at the end of a word. */
function shortened(title: string): string {
  const letters = [...title];
  if (letters.length <= SUBJECT_TITLE) return title;
  const start = letters.slice(0, SUBJECT_TITLE).join('');
  return `${start.replace(/(?<=\S)\s+\S*$/u, '').replace(/[\s،؛:,;.]+$/u, '')}…`;
}
