import type { Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import { shell } from './shell.js';

/** Asked before the button is pressed, done after it; no link of ours. */
type Outcome = 'asked' | 'done' | 'unknown';

type Words = Readonly<Record<Outcome, { readonly title: string; readonly text: string }>> & {
  readonly stop: string;
  readonly cost: string;
};

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    asked: {
      title: 'أتريد ألّا تصلك هذه الرسائل؟',
      text: 'إن ضغطت الزر فلن نرسل بعد ذلك إلى عنوانك ما يشاركه القراء من هذا الموقع، أيًّا كان من يطلب ذلك، وبأي لغة.',
    },
    done: {
      title: 'لن تصلك هذه الرسائل بعد اليوم',
      text: 'لن نرسل إلى عنوانك ما يشاركه القراء من هذا الموقع، بأي لغة كانت. احتفظنا لذلك ببصمة مشفّرة من عنوانك، لا بالعنوان نفسه. وما سُلّم إلى خادم بريدك قبل هذه اللحظة قد يصل.',
    },
    unknown: {
      title: 'لا نعرف هذا الرابط',
      text: 'ربما نُقل ناقصًا. افتحه من الرسالة نفسها، أو انسخه كاملًا إلى آخر حرف. لم يتغير شيء.',
    },
    stop: 'لا ترسلوا إليّ',
    cost: 'ولن تصل إليك كذلك رسالة التأكيد إن أردت يومًا أن ترسل مادة إلى غيرك.',
  },
  en: {
    asked: {
      title: 'Do you want no more of these letters?',
      text: 'If you press the button, we will no longer send to your address what readers share from this site, whoever asks for it and in whatever language.',
    },
    done: {
      title: 'You will get no more of these letters',
      text: 'We will no longer send to your address what readers share from this site, in any language. For this we keep a keyed fingerprint of your address, not the address. What your mail server was given before this moment may still arrive.',
    },
    unknown: {
      title: 'We do not know this link',
      text: 'It may have been cut short. Open it from the letter itself, or copy it whole, to the last character. Nothing has changed.',
    },
    stop: 'Send me no more',
    cost: 'Nor will a letter of confirmation reach you, should you want to send a piece to somebody one day.',
  },
  fr: {
    asked: {
      title: 'Ne plus recevoir ces messages ?',
      text: 'Si vous appuyez sur le bouton, nous n’enverrons plus à votre adresse ce que des lecteurs partagent depuis ce site, qui que ce soit qui le demande et dans quelque langue que ce soit.',
    },
    done: {
      title: 'Vous ne recevrez plus ces messages',
      text: 'Nous n’enverrons plus à votre adresse ce que des lecteurs partagent depuis ce site, dans aucune langue. Pour cela nous gardons une empreinte chiffrée de votre adresse, non l’adresse. Ce qui a été remis à votre serveur de messagerie avant ce moment peut encore arriver.',
    },
    unknown: {
      title: 'Nous ne connaissons pas ce lien',
      text: 'Il a peut-être été coupé. Ouvrez-le depuis le message lui-même, ou copiez-le en entier, jusqu’au dernier caractère. Rien n’a changé.',
    },
    stop: 'Ne plus m’écrire',
    cost: 'Le message de confirmation ne vous parviendra pas non plus, si vous voulez un jour envoyer un article à quelqu’un.',
  },
};

interface OptOutPage {
  readonly lang: Lang;
  readonly outcome: Outcome;
  /** The center's name and language. */
  readonly center: Wording;
  readonly home: Lang;
}

/** Where a letter's link to refuse such letters leads: what will happen and a button; afterwards that it has. It works without scripts. */
export function optOutPage({ lang, outcome, center, home }: OptOutPage): string {
  const { [outcome]: said, stop, cost } = WORDS[lang];
  return shell({
    lang,
    title: said.title,
    site: { center, home },
    children: (
      <>
        <h1>{said.title}</h1>
        <p>{said.text}</p>
        {outcome === 'asked' && (
          <>
            {/* To the page's own address. */}
            <form method="post">
              <button type="submit">{stop}</button>
            </form>
            <p class="quiet">{cost}</p>
          </>
        )}
      </>
    ),
  });
}
