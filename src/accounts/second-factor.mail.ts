import { letter, ltr, phrase, type Letterhead, type Phrase } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';
import type { Addressee } from './password.mail.js';

/** What an editor hears of, because whoever takes over an account, or is about to, does it (ASVS 6.3.5, 6.3.7). */
export type AccessChange =
  | 'second_factor_on'
  | 'second_factor_removed'
  | 'second_factor_reset'
  | 'recovery_code_used'
  | 'recovery_codes_renewed'
  | 'token_made'
  | 'wrong_code';

interface Words {
  readonly subject: string;
  readonly told: string | Phrase;
}

/**
 * After each change of how an editor, or a program in the editor's name, gets in; and when somebody almost did.
 * @param detail with `recovery_code_used` how many are left, with `token_made` its name
 */
export function accessChangedMail(
  change: AccessChange,
  { name, lang }: Pick<Addressee, 'name' | 'lang'>,
  center: Letterhead,
  detail = '',
): Mail {
  const { subject, told } = WORDS[change](detail)[lang];
  const greeting = { ar: phrase`مرحبًا ${name}،`, en: phrase`Hello ${name},`, fr: phrase`Bonjour ${name},` }[lang];
  return letter({ lang, center, subject, paragraphs: [greeting, told], closing: CLOSING[lang] });
}

const CLOSING: Readonly<Record<Lang, string>> = {
  ar: 'إن لم تفعل ذلك ولم تنتظره، فاطلب كلمة سر جديدة من صفحة الدخول وأخبر مديري الموقع فورًا.',
  en: 'If you neither did this nor expected it, ask for a new password at the sign-in page and tell the site’s administrators at once.',
  fr: 'Si vous ne l’avez ni fait ni attendu, demandez un nouveau mot de passe à la page de connexion et prévenez aussitôt les administrateurs du site.',
};

const WORDS: Readonly<Record<AccessChange, (detail: string) => Readonly<Record<Lang, Words>>>> = {
  second_factor_on: () => ({
    ar: {
      subject: 'فُعّلت الخطوة الثانية في حسابك',
      told: 'من الآن يُطلب عند دخولك إلى مكتب التحرير رمز من تطبيق المصادقة. انتهت كل الجلسات والرموز السابقة. احفظ رموز الاسترداد في مكان آمن بعيدًا عن هاتفك.',
    },
    en: {
      subject: 'The second factor of your account is on',
      told: 'From now on signing in at the editors’ desk asks for a code of your authenticator. All earlier sessions and tokens have ended. Keep your recovery codes in a safe place away from your phone.',
    },
    fr: {
      subject: 'La seconde étape de votre compte est activée',
      told: 'Désormais, la connexion à la rédaction demande un code de votre application d’authentification. Toutes les sessions et tous les jetons antérieurs ont pris fin. Gardez vos codes de secours en lieu sûr, loin de votre téléphone.',
    },
  }),
  second_factor_removed: () => ({
    ar: {
      subject: 'أُوقفت الخطوة الثانية في حسابك',
      told: 'صارت كلمة السر وحدها تكفي للدخول إلى مكتب التحرير. انتهت كل الجلسات والرموز السابقة.',
    },
    en: {
      subject: 'The second factor of your account was removed',
      told: 'The password alone is now enough to sign in at the editors’ desk. All earlier sessions and tokens have ended.',
    },
    fr: {
      subject: 'La seconde étape de votre compte a été désactivée',
      told: 'Le mot de passe suffit désormais pour se connecter à la rédaction. Toutes les sessions et tous les jetons antérieurs ont pris fin.',
    },
  }),
  second_factor_reset: () => ({
    ar: {
      subject: 'ألغى أحد المديرين الخطوة الثانية في حسابك',
      told: 'صارت كلمة السر وحدها تكفي للدخول إلى مكتب التحرير. انتهت كل جلسات حسابك ورموزه. فعّل الخطوة الثانية من جديد بعد دخولك.',
    },
    en: {
      subject: 'An administrator reset the second factor of your account',
      told: 'The password alone is now enough to sign in at the editors’ desk. All sessions and tokens of your account have ended. Switch the second factor on again once you have signed in.',
    },
    fr: {
      subject: 'Un administrateur a réinitialisé la seconde étape de votre compte',
      told: 'Le mot de passe suffit désormais pour se connecter à la rédaction. Toutes les sessions et tous les jetons de votre compte ont pris fin. Réactivez la seconde étape après votre connexion.',
    },
  }),
  recovery_code_used: (left) => ({
    ar: {
      subject: 'استُعمل أحد رموز الاسترداد',
      told: phrase`استُعمل أحد رموز الاسترداد لحسابك في مكتب التحرير بدل رمز تطبيق المصادقة. عدد الرموز الباقية: ${ltr(left)}.`,
    },
    en: {
      subject: 'A recovery code was used',
      told: phrase`A recovery code of your account at the editors’ desk was used in place of the authenticator. Codes left: ${ltr(left)}.`,
    },
    fr: {
      subject: 'Un code de secours a été utilisé',
      told: phrase`Un code de secours de votre compte à la rédaction a été utilisé à la place de l’application d’authentification. Codes restants : ${ltr(left)}.`,
    },
  }),
  recovery_codes_renewed: () => ({
    ar: { subject: 'رموز استرداد جديدة', told: 'صدرت رموز استرداد جديدة لحسابك في مكتب التحرير، ولم تعد القديمة تعمل.' },
    en: {
      subject: 'New recovery codes',
      told: 'New recovery codes were made for your account at the editors’ desk; the old ones no longer work.',
    },
    fr: {
      subject: 'Nouveaux codes de secours',
      told: 'De nouveaux codes de secours ont été créés pour votre compte à la rédaction ; les anciens ne fonctionnent plus.',
    },
  }),
  wrong_code: () => ({
    ar: {
      subject: 'كلمة سر صحيحة ورمز خاطئ في حسابك',
      told: 'أدخل أحدهم كلمة سرك الصحيحة عند الدخول إلى مكتب التحرير ثم رمزًا خاطئًا، فلم يدخل. إن كنت أنت من أخطأ في الرمز فلا تفعل شيئًا، وإلا فكلمة سرك معروفة لغيرك.',
    },
    en: {
      subject: 'Your password was given with a wrong code',
      told: 'Somebody gave your right password at the sign-in page of the editors’ desk, and then a wrong code, and was not let in. If it was you who mistyped the code, there is nothing to do; if not, somebody else knows your password.',
    },
    fr: {
      subject: 'Votre mot de passe a été saisi avec un code erroné',
      told: 'Quelqu’un a saisi votre mot de passe exact à la page de connexion de la rédaction, puis un code erroné, et n’est pas entré. Si c’est vous qui vous êtes trompé de code, vous n’avez rien à faire ; sinon, quelqu’un d’autre connaît votre mot de passe.',
    },
  }),
  token_made: (name) => ({
    ar: {
      subject: 'رمز جديد لبرنامج يعمل باسمك',
      told: phrase`صدر رمز يعمل به برنامج باسمك في مكتب التحرير: ${name}. تجده في قائمة رموزك، ومنها تلغيه.`,
    },
    en: {
      subject: 'A new token for a program that acts in your name',
      told: phrase`A token was made by which a program acts in your name at the editors’ desk: ${name}. It stands in the list of your tokens, where you can revoke it.`,
    },
    fr: {
      subject: 'Un nouveau jeton pour un programme agissant en votre nom',
      told: phrase`Un jeton a été créé, par lequel un programme agit en votre nom à la rédaction : ${name}. Il figure dans la liste de vos jetons, d’où vous pouvez le révoquer.`,
    },
  }),
};
