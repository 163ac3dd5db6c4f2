import type { JSX } from 'preact';
import type { ReadArticle } from '../articles/articles.service.js';
import type { Sentence } from '../http/problem.js';
import { LANGS, dirOf, type Lang } from '../text/language.js';
import { SCRIPTS } from './assets.js';
import { PrivacyLink } from './privacy-link.js';
import { LANGUAGE_NAMES, shell } from './shell.js';
import { Progress, workForm } from './work-form.js';

/** What a reader types, as he typed it. */
export const FIELDS = ['senderName', 'senderEmail', 'recipient1', 'recipient2', 'recipient3'] as const;
export type Field = (typeof FIELDS)[number];
export type Typed = Readonly<Record<Field, string>>;

/** Why nothing was sent: what to say above the form, and at which fields. */
export interface Refusal {
  readonly detail: Sentence;
  readonly fields: Readonly<Partial<Record<Field, Sentence>>>;
}

interface Words {
  readonly title: string;
  readonly what: string;
  readonly labels: Readonly<Record<Field, string>>;
  readonly hints: Readonly<Partial<Record<Field, string>>>;
  readonly lang: string;
  readonly friends: string;
  readonly you: string;
  readonly send: string;
  readonly kept: string;
  readonly refused: string;
  /** Its sender is asked first. */
  readonly taken: { readonly title: string; readonly text: string; readonly none: string };
  /** This browser has shown whose the sender's address is. */
  readonly sent: { readonly title: string; readonly text: string };
  readonly back: string;
}

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    title: 'أرسلها إلى صديق',
    what: 'نرسل إلى كل عنوان رسالة واحدة فيها عنوان المادة وخلاصتها ورابطها واسمك.',
    labels: {
      senderName: 'اسمك',
      senderEmail: 'بريدك الإلكتروني',
      recipient1: 'بريد صديقك',
      recipient2: 'صديق ثانٍ (اختياري)',
      recipient3: 'صديق ثالث (اختياري)',
    },
    hints: {
      senderName: 'يراه صديقك. حروف بلا أرقام.',
      senderEmail: 'لا يراه صديقك. نكتب إليه أولًا لتؤكد أنك أنت، إلا إن كنت أكدته بهذا المتصفح خلال آخر 30 يومًا.',
    },
    lang: 'لغة الرسالة',
    friends: 'إلى من؟',
    you: 'ممّن؟',
    send: 'متابعة',
    kept: 'نحفظ العناوين مشفّرة حتى تخرج الرسائل، ثم نحذفها. ولا نضيف أحدًا إلى أي قائمة، ومن يصله شيء يستطيع أن يرفض المزيد.',
    refused: 'لم يُرسل شيء',
    taken: {
      title: 'بقيت خطوة: افتح بريدك',
      text: 'نكتب الآن إلى العنوان الذي ذكرته لنا. لا يخرج شيء إلى أصدقائك قبل أن تضغط الزر الذي في تلك الرسالة، وإن لم تضغطه خلال 24 ساعة حذفنا ما كتبته.',
      none: 'لا نكتب إلى العنوان الواحد أكثر من مرة في اليوم وثلاث مرات في 30 يومًا. إن وصلتك منا رسالة تأكيد خلال آخر 24 ساعة فرابطها يكفي لهذه أيضًا، ما دمت كتبت عنوانك بالحروف نفسها. وإن لم تجدها فانظر في البريد غير المرغوب فيه.',
    },
    sent: { title: 'في الطريق إلى أصدقائك', text: 'أكدت عنوانك بهذا المتصفح من قبل، فتخرج الرسائل الآن، رسالة لكل عنوان.' },
    back: 'عُد إلى المادة',
  },
  en: {
    title: 'Send it to a friend',
    what: 'Each address gets one letter with the title, the summary, the link and your name.',
    labels: {
      senderName: 'Your name',
      senderEmail: 'Your e-mail address',
      recipient1: 'Your friend’s address',
      recipient2: 'A second friend (optional)',
      recipient3: 'A third friend (optional)',
    },
    hints: {
      senderName: 'Your friend sees it. Letters, no digits.',
      senderEmail:
        'Your friend does not see it. We write to it first, so that you can say it was you, unless you have done so in this browser within the last 30 days.',
    },
    lang: 'Language of the letter',
    friends: 'To whom?',
    you: 'From whom?',
    send: 'Continue',
    kept: 'Addresses are kept encrypted until the letters are out, and then deleted. Nobody is put on a list, and whoever gets a letter can refuse all others.',
    refused: 'Nothing was sent',
    taken: {
      title: 'One step is left: open your mail',
      text: 'We are writing to the address you gave as yours. Nothing goes out to your friends before you press the button in that letter; if you do not within 24 hours, what you typed is deleted.',
      none: 'We write to one address no more than once a day, and three times in 30 days. If you have had a letter of confirmation from us within the last 24 hours, its link is enough for this one too, as long as you spelled your address the same way. If you cannot find it, look among your spam.',
    },
    sent: {
      title: 'On its way to your friends',
      text: 'You have confirmed your address in this browser before, so the letters go out now, one to each address.',
    },
    back: 'Back to the piece',
  },
  fr: {
    title: 'L’envoyer à un ami',
    what: 'Chaque adresse reçoit un message avec le titre, le résumé, le lien et votre nom.',
    labels: {
      senderName: 'Votre nom',
      senderEmail: 'Votre adresse électronique',
      recipient1: 'L’adresse de votre ami',
      recipient2: 'Un deuxième ami (facultatif)',
      recipient3: 'Un troisième ami (facultatif)',
    },
    hints: {
      senderName: 'Votre ami le voit. Des lettres, pas de chiffres.',
      senderEmail:
        'Votre ami ne la voit pas. Nous y écrivons d’abord, pour que vous disiez que c’est bien vous, sauf si vous l’avez fait dans ce navigateur ces 30 derniers jours.',
    },
    lang: 'Langue du message',
    friends: 'À qui ?',
    you: 'De qui ?',
    send: 'Continuer',
    kept: 'Les adresses sont conservées chiffrées jusqu’au départ des messages, puis supprimées. Personne n’est inscrit sur une liste, et qui reçoit un message peut refuser tous les autres.',
    refused: 'Rien n’a été envoyé',
    taken: {
      title: 'Encore une étape : ouvrez votre messagerie',
      text: 'Nous écrivons à l’adresse que vous avez donnée comme la vôtre. Rien ne part vers vos amis avant que vous n’appuyiez sur le bouton de ce message ; si vous ne le faites pas dans les 24 heures, ce que vous avez saisi est supprimé.',
      none: 'Nous n’écrivons pas plus d’une fois par jour à une adresse, et trois fois en 30 jours. Si vous avez reçu de nous un message de confirmation ces dernières 24 heures, son lien vaut aussi pour cet envoi, si vous avez écrit votre adresse de la même façon. Si vous ne le trouvez pas, regardez parmi les indésirables.',
    },
    sent: {
      title: 'En route vers vos amis',
      text: 'Vous avez déjà confirmé votre adresse dans ce navigateur : les messages partent donc maintenant, un par adresse.',
    },
    back: 'Retour à l’article',
  },
};

interface SendPage {
  readonly lang: Lang;
  readonly read: ReadArticle;
  /** One form is one share, however often it is sent. */
  readonly key: string;
  readonly typed: Typed;
  /** Of the letter. */
  readonly chosen: Lang;
  readonly refusal: Refusal | null;
}

/**
 * A form that sends a piece to friends. It works without scripts: what stands for the work that one does is the letter to the sender, or the
 * proof that this browser has of one.
 */
export function sendPage({ lang, read, key, typed, chosen, refusal }: SendPage): string {
  const words = WORDS[lang];
  const { article, center, home } = read;
  const field = (name: Field): JSX.Element => <Input {...{ name, lang, value: typed[name], refused: refusal?.fields[name] }} />;
  return shell({
    lang,
    title: refusal === null ? words.title : words.refused,
    site: { center, home },
    scripts: [SCRIPTS.workForm],
    children: (
      <>
        {refusal !== null && <Summary {...{ lang, refusal }} />}
        <h1>{words.title}</h1>
        <Piece article={article} />
        <p>{words.what}</p>
        {/* To the page's own address. */}
        <form method="post" class="fields" {...workForm(lang, 'GET /api/v1/shares/challenge')}>
          <input type="hidden" name="key" value={key} />
          <fieldset>
            <legend>{words.friends}</legend>
            {field('recipient1')}
            {field('recipient2')}
            {field('recipient3')}
            <p>
              <label for="lang">{words.lang}</label>
              <select id="lang" name="lang">
                {LANGS.map((one) => (
                  <option value={one} lang={one} selected={one === chosen}>
                    {LANGUAGE_NAMES[one]}
                  </option>
                ))}
              </select>
            </p>
          </fieldset>
          <fieldset>
            <legend>{words.you}</legend>
            {field('senderName')}
            {field('senderEmail')}
          </fieldset>
          <button type="submit">{words.send}</button>
          <Progress />
          <p class="quiet">
            <PrivacyLink {...{ lang, home }} />
          </p>
        </form>
        <p class="quiet">{words.kept}</p>
      </>
    ),
  });
}

/** After it: the same for every address, whether or not it exists or may be written to; only a sender that this browser has proof of is not asked. */
export function sendTakenPage({ lang, read, confirmed }: Pick<SendPage, 'lang' | 'read'> & { readonly confirmed: boolean }): string {
  const { taken, sent, back } = WORDS[lang];
  const said = confirmed ? sent : taken;
  return shell({
    lang,
    title: said.title,
    site: read,
    children: (
      <>
        <div role="status" tabIndex={-1}>
          <h1>{said.title}</h1>
          <p>{said.text}</p>
        </div>
        <Piece article={read.article} />
        {!confirmed && <p class="quiet">{taken.none}</p>}
        <p>
          <a href={`${read.article.url}?lang=${lang}`}>{back}</a>
        </p>
      </>
    ),
  });
}

function Piece({ article: { title, lang } }: { article: ReadArticle['article'] }): JSX.Element {
  return (
    <div class="asked">
      <h2>
        <bdi lang={lang} dir={dirOf(lang)}>
          {title}
        </bdi>
      </h2>
    </div>
  );
}

/** What is wrong, before everything else: it has the focus when the page is shown, and leads to each field. */
function Summary({ lang, refusal: { detail, fields } }: { lang: Lang; refusal: Refusal }): JSX.Element {
  const words = WORDS[lang];
  const wrong = FIELDS.filter((name) => fields[name] !== undefined);
  return (
    <div class="notice" role="alert" tabIndex={-1} autofocus>
      <h2>{words.refused}</h2>
      {wrong.length === 0 ? (
        <Said sentence={detail} lang={lang} />
      ) : (
        <ul>
          {wrong.map((name) => (
            <li>
              <a href={`#${name}`}>{words.labels[name]}</a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Refusals are worded in Arabic and English; French readers get the English one, and it says so. */
function Said({ sentence, lang, id }: { sentence: Sentence; lang: Lang; id?: string }): JSX.Element {
  const own = lang === 'ar' ? 'ar' : 'en';
  return (
    <p {...(id !== undefined && { id, class: 'wrong' })} lang={own} dir={dirOf(own)}>
      {sentence[own]}
    </p>
  );
}

interface InputProps {
  readonly name: Field;
  readonly lang: Lang;
  readonly value: string;
  readonly refused: Sentence | undefined;
}

function Input({ name, lang, value, refused }: InputProps): JSX.Element {
  const words = WORDS[lang];
  const hint = words.hints[name];
  const told = [...(hint === undefined ? [] : [`${name}-hint`]), ...(refused === undefined ? [] : [`${name}-wrong`])].join(' ');
  const said = { ...(told !== '' && { 'aria-describedby': told }), ...(refused !== undefined && { 'aria-invalid': 'true' as const }) };
  const common = { id: name, name, value, ...said, required: name !== 'recipient2' && name !== 'recipient3' };
  return (
    <div class="field">
      <label for={name}>{words.labels[name]}</label>
      {hint !== undefined && (
        <p class="quiet" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {refused !== undefined && <Said sentence={refused} lang={lang} id={`${name}-wrong`} />}
      {name === 'senderName' ? (
        <input {...common} type="text" dir="auto" maxLength={60} autocomplete="name" />
      ) : (
        <input
          {...common}
          type="email"
          dir="ltr"
          inputMode="email"
          maxLength={254}
          autocapitalize="none"
          spellcheck={false}
          autocomplete={name === 'senderEmail' ? 'email' : 'off'}
        />
      )}
    </div>
  );
}
