import type { JSX } from 'preact';
import type { HeldShares } from '../send-to-friend/share-confirmations.service.js';
import { dirOf, type Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import { shell } from './shell.js';

/**
 * What became of what waited under a link: asked about, on its way, some or all of it beyond the limit, none of it there, no such link; or still
 * waiting, because this center sends nothing or the editors have to look first.
 */
type Outcome =
  'asked' | 'sent' | 'sent_in_part' | 'beyond_limit' | 'nothing_waits' | 'link_expired' | 'mail_sharing_off' | 'shares_stopped';

type Words = Readonly<Record<Outcome, { readonly title: string; readonly text: string }>> & {
  readonly confirm: string;
  readonly notMine: string;
  readonly named: string;
  readonly recipients: Readonly<Record<number, string>>;
  readonly known: string;
};

const LIMIT_EN = 'One address can send 5 pieces to 10 recipients within 24 hours.';

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    asked: { title: 'أأنت من طلب هذا؟', text: 'طُلب باسم عنوانك إرسال ما يلي إلى أصدقاء. لا يخرج شيء منه قبل أن تضغط الزر.' },
    sent: { title: 'في الطريق إلى أصدقائك', text: 'تخرج الرسائل الآن، رسالة لكل عنوان.' },
    sent_in_part: {
      title: 'خرج بعضها',
      text: 'تخرج رسائل ما طلبته أولًا. وما زاد على ما يُرسل من عنوان واحد في 24 ساعة (5 مواد إلى 10 عناوين) حُذف ولم يُرسل.',
    },
    beyond_limit: {
      title: 'لم يُرسل شيء',
      text: 'بلغت ما يُرسل من عنوان واحد في 24 ساعة (5 مواد إلى 10 عناوين)، فحُذف ما كان ينتظر. أعد الإرسال غدًا.',
    },
    nothing_waits: { title: 'لا شيء ينتظر', text: 'ما كان ينتظر تحت هذا الرابط أُرسل أو حُذف من قبل، أو لم يعد منشورًا.' },
    link_expired: {
      title: 'لم يعد هذا الرابط صالحًا',
      text: 'يعمل الرابط 24 ساعة، ثم يُحذف ما كان ينتظر ولا يصل إلى أحد. إن كنت تريد إرساله فأرسل المادة من صفحتها مرة أخرى.',
    },
    mail_sharing_off: {
      title: 'أُوقف الإرسال من هذا الموقع',
      text: 'لم يُرسل شيء. ما طلبته ينتظر 24 ساعة من وقت طلبه: إن أُعيد الإرسال قبلها فافتح رابط الرسالة مرة أخرى، وإلا حُذف. ولك أن تنسخ رابط المادة وترسله بنفسك.',
    },
    shares_stopped: {
      title: 'الإرسال متوقف الآن',
      text: 'لم يُرسل شيء، إذ على المحررين أن ينظروا في الأمر أولًا. ما طلبته ينتظر 24 ساعة من وقت طلبه: افتح رابط الرسالة مرة أخرى بعد حين. ولك أن تنسخ رابط المادة وترسله بنفسك.',
    },
    confirm: 'نعم، أرسلوها',
    notMine: 'إن لم تطلب ذلك فأغلق الصفحة: لا يصل شيء إلى أحد، ويُحذف كل ما كُتب بعد 24 ساعة.',
    named: 'باسم',
    recipients: { 1: 'إلى عنوان واحد', 2: 'إلى عنوانين', 3: 'إلى 3 عناوين' },
    known: 'ولن يطلب هذا المتصفح تأكيد عنوانك مرة أخرى قبل 30 يومًا.',
  },
  en: {
    asked: {
      title: 'Was it you who asked for this?',
      text: 'Your address was given to send the following to friends. None of it goes out before you press the button.',
    },
    sent: { title: 'On its way to your friends', text: 'The letters go out now, one to each address.' },
    sent_in_part: {
      title: 'Some of it is on its way',
      text: `What you asked for first goes out now. ${LIMIT_EN} What came beyond that was deleted and not sent.`,
    },
    beyond_limit: { title: 'Nothing was sent', text: `${LIMIT_EN} You have, so what was waiting is deleted. Send it again tomorrow.` },
    nothing_waits: {
      title: 'Nothing is waiting',
      text: 'What waited under this link was sent or deleted before, or is no longer published.',
    },
    link_expired: {
      title: 'This link no longer works',
      text: 'A link works for 24 hours; then what waited is deleted and reaches nobody. If you still want to send the piece, send it again from its page.',
    },
    mail_sharing_off: {
      title: 'Sending is switched off on this site',
      text: 'Nothing was sent. What you asked for waits until 24 hours after you did: if sending is switched on again before, open the link in the letter once more; if not, it is deleted. You can also copy the address of the piece and send it yourself.',
    },
    shares_stopped: {
      title: 'Sending is stopped for now',
      text: 'Nothing was sent, because the editors have to look at something first. What you asked for waits until 24 hours after you did: open the link in the letter again later. You can also copy the address of the piece and send it yourself.',
    },
    confirm: 'Yes, send them',
    notMine: 'If you did not ask for it, close this page: nothing reaches anybody, and all that was typed is deleted after 24 hours.',
    named: 'in the name of',
    recipients: { 1: 'to one address', 2: 'to 2 addresses', 3: 'to 3 addresses' },
    known: 'This browser will not ask you to confirm your address again for 30 days.',
  },
  fr: {
    asked: {
      title: 'Est-ce vous qui l’avez demandé ?',
      text: 'Votre adresse a été donnée pour envoyer ce qui suit à des amis. Rien ne part avant que vous n’appuyiez sur le bouton.',
    },
    sent: { title: 'En route vers vos amis', text: 'Les messages partent maintenant, un par adresse.' },
    sent_in_part: {
      title: 'Une partie est en route',
      text: 'Ce que vous avez demandé d’abord part maintenant. Une adresse peut envoyer 5 textes à 10 destinataires en 24 heures ; ce qui dépassait a été supprimé et non envoyé.',
    },
    beyond_limit: {
      title: 'Rien n’a été envoyé',
      text: 'Une adresse peut envoyer 5 textes à 10 destinataires en 24 heures. C’est fait : ce qui attendait est supprimé. Renvoyez-le demain.',
    },
    nothing_waits: { title: 'Rien n’attend', text: 'Ce qui attendait sous ce lien a déjà été envoyé ou supprimé, ou n’est plus publié.' },
    link_expired: {
      title: 'Ce lien ne fonctionne plus',
      text: 'Un lien fonctionne 24 heures ; ensuite ce qui attendait est supprimé et ne parvient à personne. Si vous voulez toujours envoyer le texte, renvoyez-le depuis sa page.',
    },
    mail_sharing_off: {
      title: 'L’envoi est désactivé sur ce site',
      text: 'Rien n’a été envoyé. Ce que vous avez demandé attend 24 heures à partir de la demande : si l’envoi est rétabli d’ici là, ouvrez de nouveau le lien du message ; sinon, tout sera supprimé. Vous pouvez aussi copier l’adresse de l’article et l’envoyer vous-même.',
    },
    shares_stopped: {
      title: 'L’envoi est suspendu pour le moment',
      text: 'Rien n’a été envoyé, car la rédaction doit d’abord procéder à une vérification. Ce que vous avez demandé attend 24 heures à partir de la demande : ouvrez de nouveau le lien du message plus tard. Vous pouvez aussi copier l’adresse de l’article et l’envoyer vous-même.',
    },
    confirm: 'Oui, envoyez-les',
    notMine:
      'Si vous n’avez rien demandé, fermez cette page : rien ne parvient à personne, et tout ce qui a été saisi est supprimé après 24 heures.',
    named: 'au nom de',
    recipients: { 1: 'à une adresse', 2: 'à 2 adresses', 3: 'à 3 adresses' },
    known: 'Ce navigateur ne vous demandera plus de confirmer votre adresse pendant 30 jours.',
  },
};

/** What the page says. */
export interface Shown {
  readonly outcome: Outcome;
  /** What is asked about: the button releases that, and nothing that has come since. */
  readonly held?: Pick<HeldShares, 'shares' | 'upTo'>;
  /** Whether this browser has just been given its proof. */
  readonly known?: boolean;
}

interface ConfirmSharesPage extends Shown {
  readonly lang: Lang;
  /** The center's name and language. */
  readonly center: Wording;
  readonly home: Lang;
}

/** Where the letter to a sender leads: what would go out in his name, and a button that lets it; afterwards what became of it. It works without scripts. */
export function confirmSharesPage({ lang, outcome, held, known = false, center, home }: ConfirmSharesPage): string {
  const { [outcome]: said, ...words } = WORDS[lang];
  return shell({
    lang,
    title: said.title,
    site: { center, home },
    children: (
      <>
        <h1>{said.title}</h1>
        <p>{said.text}</p>
        {held !== undefined && (
          <>
            {held.shares.map((share) => (
              <Share {...{ share, words }} />
            ))}
            {/* To the page's own address. */}
            <form method="post">
              <input type="hidden" name="upTo" value={held.upTo ?? ''} />
              <button type="submit">{words.confirm}</button>
            </form>
            <p class="quiet">{words.notMine}</p>
          </>
        )}
        {known && <p class="quiet">{words.known}</p>}
      </>
    ),
  });
}

type ShareWords = Pick<Words, 'named' | 'recipients'>;

function Share({ share, words }: { share: HeldShares['shares'][number]; words: ShareWords }): JSX.Element {
  const { title, lang, senderName, recipients } = share;
  return (
    <div class="asked">
      <h2>
        <bdi lang={lang} dir={dirOf(lang)}>
          {title}
        </bdi>
      </h2>
      <p class="quiet">
        {words.recipients[recipients]} {words.named} <bdi>{senderName}</bdi>
      </p>
    </div>
  );
}
