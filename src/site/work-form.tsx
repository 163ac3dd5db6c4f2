import type { JSX } from 'preact';
import type { Lang } from '../text/language.js';

const WORDS = {
  ar: {
    working: 'لحظة من فضلك، متصفحك يُجري عملية حسابية قصيرة…',
    lost: 'تعذر الوصول إلى الموقع. لم يضع شيء مما كتبته؛ تحقق من اتصالك ثم أعد المحاولة.',
  },
  en: {
    working: 'One moment: your browser is doing a short computation…',
    lost: 'The site could not be reached. Nothing of what you filled in is lost; check your connection, then try again.',
  },
  fr: {
    working: 'Un instant : votre navigateur effectue un court calcul…',
    lost: 'Le site est injoignable. Rien de votre saisie n’est perdu ; vérifiez votre connexion, puis réessayez.',
  },
} as const satisfies Record<Lang, object>;

/**
 * What `browser/work-form.js` needs to send a form with its work done, and to show the answer in place.
 * @param challenge the door that gives the work, and how it is asked
 */
export function workForm(lang: Lang, challenge: `${'GET' | 'POST'} /${string}`): Readonly<Record<`data-${string}`, string>> {
  const { working, lost } = WORDS[lang];
  return { 'data-challenge': challenge, 'data-working': working, 'data-lost': lost };
}

/** Where such a form says what goes on. */
export function Progress(): JSX.Element {
  return <p class="progress" role="status" />;
}
