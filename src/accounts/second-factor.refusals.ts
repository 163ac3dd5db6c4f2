import { Problem, type Sentence } from '../http/problem.js';
import { fieldRefused } from '../http/refusals.js';

const WRONG_CODE: Sentence = {
  ar: 'الرمز غير صحيح، أو استُعمل من قبل، أو فات وقته.',
  en: 'The code is wrong, or was used before, or is too old.',
};

/** @param to the sign-in, which is refused as a whole, or an act of whoever is signed in */
export function wrongCode(to: 'sign-in' | 'act'): Problem {
  if (to === 'act') return fieldRefused(422, 'wrong_code', 'code', WRONG_CODE, 'right');
  return new Problem(401, 'wrong_code', WRONG_CODE, { headers: { 'www-authenticate': 'Bearer' } });
}

const CODE_REQUIRED: Sentence = {
  ar: 'أدخل رمز تطبيق المصادقة، أو أحد رموز الاسترداد.',
  en: 'Give the code of your authenticator, or a recovery code.',
};

/** Told only to who has given the right password. @param to as in {@link wrongCode} */
export function codeRequired(to: 'sign-in' | 'act'): Problem {
  if (to === 'act') return fieldRefused(422, 'code_required', 'code', CODE_REQUIRED, 'required');
  return new Problem(401, 'code_required', CODE_REQUIRED, { headers: { 'www-authenticate': 'Bearer' } });
}

/** @param status 403 for what a session without it may not do, 409 for giving it up */
export function secondFactorRequired(status: 403 | 409): Problem {
  return new Problem(status, 'second_factor_required', {
    ar: 'يطلب المركز من أصحاب دورك خطوة ثانية عند الدخول؛ فعّلها أولًا وأبقها.',
    en: 'The center asks everybody of your role for a second factor: switch it on, and keep it.',
  });
}

export function secondFactorOn(): Problem {
  return new Problem(409, 'second_factor_on', {
    ar: 'الخطوة الثانية مفعّلة. أوقفها أولًا لتفعّلها على جهاز آخر.',
    en: 'The second factor is on. Remove it first to set it up on another device.',
  });
}

export function noSecondFactor(): Problem {
  return new Problem(409, 'no_second_factor', {
    ar: 'لا توجد خطوة ثانية، أو مضت ساعة على بدء تفعيلها. ابدأ من جديد.',
    en: 'There is no second factor, or setting it up was begun more than an hour ago. Begin anew.',
  });
}

/** An admin resets other people's. */
export function ownSecondFactor(): Problem {
  return new Problem(409, 'own_second_factor', {
    ar: 'خطوتك الثانية تُوقفها بنفسك برمز منها أو برمز استرداد.',
    en: 'Your own second factor you remove yourself, with a code of it or a recovery code.',
  });
}
