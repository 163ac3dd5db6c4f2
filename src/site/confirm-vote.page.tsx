import type { JSX } from 'preact';
import type { LinkedBallot } from '../polls/confirmations.service.js';
import { dirOf, type Lang } from '../text/language.js';
import { phraseIn, type Wording } from '../text/wording.js';
import { shell } from './shell.js';

/** What became of the vote, or that it is still asked about. */
export type Outcome = 'asked' | 'counted' | 'under_review' | 'removed' | 'address_has_voted' | 'poll_closed' | 'link_expired';

type Words = Readonly<Record<Outcome, { readonly title: string; readonly text: string }>> & {
  readonly confirm: string;
  readonly notMine: string;
  /** The receipt is the reader's own: this page cannot show it, because it stands nowhere. */
  readonly receipt: string;
};

const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    asked: { title: 'أهذا صوتك؟', text: 'اقرأ السؤال والاختيار. إن كان هذا صوتك فاضغط الزر ليُحسب.' },
    counted: { title: 'حُسب صوتك', text: 'شكرًا لمشاركتك.' },
    under_review: {
      title: 'وصل صوتك، وهو قيد المراجعة',
      text: 'جاءت من شبكتك أصوات كثيرة في وقت قصير، وهذا يحدث في الجامعات والمكاتب وشبكات الهاتف. ينظر فيها أحد المحررين قبل حسابها، ولا يرى ما اختاره أحد.',
    },
    removed: { title: 'استُبعد صوتك', text: 'حُسب صوتك ثم استُبعد مع أصوات أخرى. يُذكر السبب مع النتيجة.' },
    address_has_voted: {
      title: 'سبق التصويت بهذا العنوان',
      text: 'حُسب من قبل صوت لهذا العنوان في هذا الاستطلاع، ولكل عنوان صوت واحد. لم يُحسب الصوت الظاهر هنا.',
    },
    poll_closed: { title: 'أُغلق الاستطلاع', text: 'أُغلق قبل تأكيد هذا الصوت، فلم يُحسب.' },
    link_expired: {
      title: 'لم يعد هذا الرابط صالحًا',
      text: 'يعمل الرابط 24 ساعة، ويعمل آخر رابط أُرسل وحده. إن كان الاستطلاع مفتوحًا فأعد التصويت ليصلك رابط آخر.',
    },
    confirm: 'نعم، هذا صوتي',
    notMine: 'إن لم يكن صوتك فأغلق الصفحة، ولن يُحسب شيء.',
    receipt: 'احتفظ بالإيصال الذي ظهر لك عند التصويت: به تعرف في أي وقت أن صوتك ما زال محسوبًا.',
  },
  en: {
    asked: {
      title: 'Is this your vote?',
      text: 'Read the question and the choice. If this is your vote, press the button to have it counted.',
    },
    counted: { title: 'Your vote is counted', text: 'Thank you for taking part.' },
    under_review: {
      title: 'Your vote has arrived and is under review',
      text: 'Many votes came from your network within a short time, as happens in universities, offices and mobile networks. An editor looks at them before they are counted, and sees nobody’s choice.',
    },
    removed: { title: 'Your vote was removed', text: 'It was counted and later removed together with others. The results say why.' },
    address_has_voted: {
      title: 'This address has voted already',
      text: 'A vote with this address has been counted in this poll before, and each address has one. The vote shown here is not counted.',
    },
    poll_closed: { title: 'The poll is closed', text: 'It closed before this vote was confirmed, so the vote is not counted.' },
    link_expired: {
      title: 'This link no longer works',
      text: 'A link works for 24 hours, and only the last one that was sent does. If the poll is open, vote again to get another.',
    },
    confirm: 'Yes, this is my vote',
    notMine: 'If it is not your vote, close this page: nothing will be counted.',
    receipt: 'Keep the receipt that you got when you voted: it shows at any time that your vote is still counted.',
  },
  fr: {
    asked: {
      title: 'Est-ce votre vote ?',
      text: 'Lisez la question et le choix. Si c’est votre vote, appuyez sur le bouton pour qu’il soit compté.',
    },
    counted: { title: 'Votre vote est compté', text: 'Merci de votre participation.' },
    under_review: {
      title: 'Votre vote est arrivé et sera vérifié',
      text: 'De nombreux votes sont venus de votre réseau en peu de temps, comme il arrive dans les universités, les bureaux et les réseaux mobiles. Un membre de la rédaction les examine avant qu’ils ne soient comptés, sans voir le choix de personne.',
    },
    removed: { title: 'Votre vote a été retiré', text: 'Il a été compté, puis retiré avec d’autres. Les résultats disent pourquoi.' },
    address_has_voted: {
      title: 'Cette adresse a déjà voté',
      text: 'Un vote avec cette adresse a déjà été compté dans ce sondage, et chaque adresse n’en a qu’un. Le vote affiché ici n’est pas compté.',
    },
    poll_closed: { title: 'Le sondage est clos', text: 'Il a été clos avant la confirmation de ce vote, qui n’est donc pas compté.' },
    link_expired: {
      title: 'Ce lien ne fonctionne plus',
      text: 'Un lien fonctionne 24 heures, et seul le dernier envoyé est valable. Si le sondage est ouvert, votez de nouveau pour en recevoir un autre.',
    },
    confirm: 'Oui, c’est mon vote',
    notMine: 'Si ce n’est pas votre vote, fermez cette page : rien ne sera compté.',
    receipt: 'Gardez le reçu obtenu en votant : il montre à tout moment que votre vote est toujours compté.',
  },
};

interface ConfirmVotePage {
  readonly lang: Lang;
  readonly outcome: Outcome;
  /** Null where the link leads to none. */
  readonly ballot: LinkedBallot | null;
  /** The center's name and language. */
  readonly center: Wording;
  readonly home: Lang;
}

/** Where the letter's link leads: the vote, and a button that makes it count; afterwards what became of it. It works without scripts. */
export function confirmVotePage({ lang, outcome, ballot, center, home }: ConfirmVotePage): string {
  const { [outcome]: said, ...words } = WORDS[lang];
  const hasReceipt = outcome === 'counted' || outcome === 'under_review' || outcome === 'removed';
  return shell({
    lang,
    title: said.title,
    site: { center, home },
    children: (
      <>
        <h1>{said.title}</h1>
        <p>{said.text}</p>
        {ballot !== null && <Vote lang={lang} home={home} ballot={ballot} />}
        {outcome === 'asked' && (
          <>
            {/* To the page's own address. */}
            <form method="post">
              <button type="submit">{words.confirm}</button>
            </form>
            <p class="quiet">{words.notMine}</p>
          </>
        )}
        {hasReceipt && <p class="quiet">{words.receipt}</p>}
      </>
    ),
  });
}

function Vote({ lang, home, ballot: { question, options } }: { lang: Lang; home: Lang; ballot: LinkedBallot }): JSX.Element {
  const asked = phraseIn(question, lang, home)!;
  return (
    <div class="asked">
      <h2>
        <bdi lang={asked.lang} dir={dirOf(asked.lang)}>
          {asked.text}
        </bdi>
      </h2>
      <ul>
        {options.map((label) => {
          const { text, lang: own } = phraseIn(label, lang, home)!;
          return (
            <li>
              <bdi lang={own} dir={dirOf(own)}>
                {text}
              </bdi>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
