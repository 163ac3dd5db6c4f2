import type { Lang } from '../text/language.js';

/** What an ad is, to be shown with it. */
export const AD_LABELS: Readonly<Record<Lang, string>> = { ar: 'إعلان', en: 'Advertisement', fr: 'Publicité' };
