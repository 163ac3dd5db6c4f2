import { arabicComputing } from './articles/arabic-computing.js';
import { busNetwork } from './articles/bus-network.js';
import { cityHeat } from './articles/city-heat.js';
import { coastalCities } from './articles/coastal-cities.js';
import { digitalArchive } from './articles/digital-archive.js';
import { energyTransition } from './articles/energy-transition.js';
import { grainStorage } from './articles/grain-storage.js';
import { measuringLearning } from './articles/measuring-learning.js';
import { openReadings } from './articles/open-readings.js';
import { publicLibrary } from './articles/public-library.js';
import { readingAChart } from './articles/reading-a-chart.js';
import { remoteWork } from './articles/remote-work.js';
import { translationMovement } from './articles/translation-movement.js';
import { waterSharedDecision } from './articles/water-shared-decision.js';
import type { Wording } from '../../text/wording.js';
import type { SampleArticle } from './sample-article.js';

/** All that an empty center is filled with so that a newcomer sees a living site. Objects name each other by slug. */
export interface SampleCenter {
  center: { name: Wording; tagline: Wording; publisher: Wording; contact: { email: string; phone?: string; address: Wording } };
  /** In the order shown; `since` and `until` are YYYY-MM-DD, and an entry with `until` is a past term. */
  masthead: { role: Wording; person: Wording; since: string; until?: string }[];
  /** A parent stands before its children. */
  sections: { slug: string; name: Wording; description: Wording; parent?: string }[];
  authors: {
    slug: string;
    /** Without the honorific. */
    name: Wording;
    honorific?: Wording;
    affiliation: Wording;
    bio: Wording;
    orcid?: string;
    links?: { label: string; url: string }[];
    /** Other spellings of the name under which readers look for the author. */
    aliases?: string[];
  }[];
  tags: { slug: string; name: Wording }[];
  series: { slug: string; name: Wording; description: Wording };
  /** Oldest first. */
  articles: SampleArticle[];
  /** Open to readers; `article` is the key of the piece on whose page it stands. */
  poll: { question: Wording; intro: Wording; options: Wording[]; article: string };
}

const affiliation: Wording = {
  ar: 'مركز النخلة للدراسات (مثال)',
  en: 'Nakhla Center for Studies (sample)',
  fr: 'Centre Nakhla d’études (exemple)',
};

const layla: Wording = { ar: 'ليلى القنديلي', en: 'Layla al-Qandili', fr: 'Layla al-Qandili' };
const abdullah: Wording = { ar: 'عبد الله المرساوي', en: 'Abdullah al-Mirsawi', fr: 'Abdallah al-Mirsawi' };
const mariam: Wording = { ar: 'مريم آل مرجان', en: 'Mariam Al Marjan', fr: 'Mariam Al Marjan' };

/**
 * The sample center: invented as a whole, and saying so in its name, its tagline and every biography.
 * Addresses are on example.org (reserved by RFC 2606) and the telephone number lies in 555-0100…0199, which the
 * North American numbering plan keeps for fiction; the ORCID iD is the one that ORCID's own documentation uses for its invented researcher.
 */
export const SAMPLE: SampleCenter = {
  center: {
    name: affiliation,
    tagline: {
      ar: 'مركز متخيَّل لتجربة البرنامج: نصوصه وأشخاصه أمثلة',
      en: 'An invented center for trying the software: its texts and people are samples',
      fr: 'Un centre imaginaire pour essayer le logiciel : ses textes et ses personnes sont des exemples',
    },
    publisher: affiliation,
    contact: {
      email: 'contact@example.org',
      phone: '+1 202-555-0143',
      address: {
        ar: 'شارع المثال، المبنى 12، مدينة متخيَّلة',
        en: '12 Sample Street, an invented city',
        fr: '12, rue de l’Exemple, ville imaginaire',
      },
    },
  },
  masthead: [
    { role: { ar: 'رئيسة التحرير', en: 'Editor-in-chief', fr: 'Rédactrice en chef' }, person: layla, since: '2023-09-01' },
    { role: { ar: 'مدير التحرير', en: 'Managing editor', fr: 'Directeur de la rédaction' }, person: abdullah, since: '2025-09-01' },
    {
      role: { ar: 'مسؤول النشر الرقمي', en: 'Digital publishing editor', fr: 'Responsable de l’édition numérique' },
      person: { ar: 'يونس بن منارة', en: 'Younes Ben Manara', fr: 'Younès Ben Manara' },
      since: '2024-02-15',
    },
    {
      role: { ar: 'مديرة التحرير', en: 'Managing editor', fr: 'Directrice de la rédaction' },
      person: mariam,
      since: '2023-09-01',
      until: '2025-08-31',
    },
  ],
  sections: [
    {
      slug: 'المياه-والبيئة',
      name: { ar: 'المياه والبيئة', en: 'Water and Environment', fr: 'Eau et environnement' },
      description: {
        ar: 'إدارة الموارد الطبيعية، والمناخ، والتحول في الطاقة.',
        en: 'Managing natural resources, climate and the energy transition.',
        fr: 'La gestion des ressources naturelles, le climat et la transition énergétique.',
      },
    },
    {
      slug: 'المدن-والعمران',
      name: { ar: 'المدن والعمران', en: 'Cities and Urbanism', fr: 'Villes et urbanisme' },
      description: {
        ar: 'كيف تُبنى المدن، وكيف تُسكن، وكيف تتكيف مع الحر والماء.',
        en: 'How cities are built, lived in and adapted to heat and water.',
        fr: 'Comment les villes sont bâties, habitées et adaptées à la chaleur et à l’eau.',
      },
    },
    {
      slug: 'النقل-والحركة',
      name: { ar: 'النقل والحركة', en: 'Transport and Mobility', fr: 'Transports et mobilité' },
      description: {
        ar: 'النقل العام والمشي وكل ما يصل الناس بمدينتهم.',
        en: 'Public transport, walking and all that connects people with their city.',
        fr: 'Les transports publics, la marche et tout ce qui relie les habitants à leur ville.',
      },
      parent: 'المدن-والعمران',
    },
    {
      slug: 'المعرفة-والتراث',
      name: { ar: 'المعرفة والتراث', en: 'Knowledge and Heritage', fr: 'Savoir et patrimoine' },
      description: {
        ar: 'المكتبات والأرشيف واللغة العربية وتاريخ الأفكار.',
        en: 'Libraries, archives, the Arabic language and the history of ideas.',
        fr: 'Les bibliothèques, les archives, la langue arabe et l’histoire des idées.',
      },
    },
    {
      slug: 'الاقتصاد-والمجتمع',
      name: { ar: 'الاقتصاد والمجتمع', en: 'Economy and Society', fr: 'Économie et société' },
      description: {
        ar: 'الغذاء والتعليم والعمل، والأرقام التي نفهم بها المجتمع.',
        en: 'Food, education, work, and the numbers by which we understand society.',
        fr: 'L’alimentation, l’éducation, le travail et les chiffres qui aident à comprendre la société.',
      },
    },
  ],
  authors: [
    {
      slug: 'عبد-الله-المرساوي',
      name: abdullah,
      affiliation,
      bio: {
        ar: 'كاتب مثال متخيَّل أُنشئ لتجربة البرنامج. تُنسب إليه مواد عن الأرشيف وتاريخ الأفكار.',
        en: 'An invented sample author made for trying the software, credited with pieces on archives and the history of ideas.',
      },
      links: [{ label: 'صفحة مثال', url: 'https://example.org/authors/abdullah' }],
      aliases: ['عبدالله المرساوي', 'Abdallah Mirsawi'],
    },
    {
      slug: 'ليلى-القنديلي',
      name: layla,
      honorific: { ar: 'د.', en: 'Dr.', fr: 'Dr' },
      affiliation,
      bio: {
        ar: 'كاتبة مثال متخيَّلة أُنشئت لتجربة البرنامج. تُنسب إليها دراسات عن المدن والتعليم. ورقم ORCID المذكور هنا هو رقم المثال في وثائق ORCID.',
        en: 'An invented sample author made for trying the software, credited with studies on cities and education. The ORCID iD shown here is the example from the ORCID documentation.',
      },
      orcid: '0000-0002-1825-0097',
      links: [
        { label: 'صفحة مثال', url: 'https://example.org/authors/layla' },
        { label: 'Sample publications', url: 'https://example.org/authors/layla/publications' },
      ],
    },
    {
      slug: 'الهادي-السواقي',
      name: { ar: 'الهادي السواقي', en: 'al-Hadi al-Sawaqi', fr: 'al-Hadi al-Sawaqi' },
      affiliation,
      bio: {
        ar: 'كاتب مثال متخيَّل أُنشئ لتجربة البرنامج. تُنسب إليه مواد عن المياه والطاقة والسواحل.',
        en: 'An invented sample author made for trying the software, credited with pieces on water, energy and coasts.',
      },
      aliases: ['هادي السواقي'],
    },
    {
      slug: 'سلمى-أبو-سنبلة',
      name: { ar: 'سلمى أبو سنبلة', en: 'Salma Abu Sunbula', fr: 'Salma Abou Sounboula' },
      affiliation: {
        ar: 'باحثة زائرة، مركز النخلة للدراسات (مثال)',
        en: 'Visiting researcher, Nakhla Center for Studies (sample)',
        fr: 'Chercheuse invitée, Centre Nakhla d’études (exemple)',
      },
      bio: {
        ar: 'كاتبة مثال متخيَّلة أُنشئت لتجربة البرنامج. تُنسب إليها مواد عن التخطيط والنقل والعمل.',
        en: 'An invented sample author made for trying the software, credited with pieces on planning, transport and work.',
      },
    },
    {
      slug: 'يونس-بن-منارة',
      name: { ar: 'يونس بن منارة', en: 'Younes Ben Manara', fr: 'Younès Ben Manara' },
      affiliation,
      bio: {
        ar: 'كاتب مثال متخيَّل أُنشئ لتجربة البرنامج. تُنسب إليه مواد عن الحوسبة العربية والإحصاء.',
        en: 'An invented sample author made for trying the software, credited with pieces on Arabic computing and statistics.',
      },
      aliases: ['يونس ابن منارة', 'Yunus ibn Manara'],
    },
    {
      slug: 'مريم-آل-مرجان',
      name: mariam,
      affiliation,
      bio: {
        ar: 'كاتبة مثال متخيَّلة أُنشئت لتجربة البرنامج. تُنسب إليها مواد عن المكتبات والأمن الغذائي.',
        en: 'An invented sample author made for trying the software, credited with pieces on libraries and food security.',
      },
    },
  ],
  tags: [
    { slug: 'الماء', name: { ar: 'الماء', en: 'Water', fr: 'Eau' } },
    { slug: 'المناخ', name: { ar: 'المناخ', en: 'Climate', fr: 'Climat' } },
    { slug: 'المدن', name: { ar: 'المدن', en: 'Cities', fr: 'Villes' } },
    { slug: 'الرقمنة', name: { ar: 'الرقمنة', en: 'Digitisation', fr: 'Numérisation' } },
    { slug: 'اللغة-العربية', name: { ar: 'اللغة العربية', en: 'Arabic language', fr: 'Langue arabe' } },
    { slug: 'التعليم', name: { ar: 'التعليم', en: 'Education', fr: 'Éducation' } },
    { slug: 'الطاقة', name: { ar: 'الطاقة', en: 'Energy', fr: 'Énergie' } },
    { slug: 'الأمن-الغذائي', name: { ar: 'الأمن الغذائي', en: 'Food security', fr: 'Sécurité alimentaire' } },
    { slug: 'المكتبات', name: { ar: 'المكتبات', en: 'Libraries', fr: 'Bibliothèques' } },
    { slug: 'الإحصاء', name: { ar: 'الإحصاء', en: 'Statistics', fr: 'Statistique' } },
  ],
  series: {
    slug: 'مدن-تحت-الشمس',
    name: { ar: 'مدن تحت الشمس', en: 'Cities under the Sun', fr: 'Villes sous le soleil' },
    description: {
      ar: 'ثلاث مواد عن الحياة في المدن الحارة: الظل، والنقل، والبحر.',
      en: 'Three pieces on life in hot cities: shade, transport and the sea.',
      fr: 'Trois textes sur la vie dans les villes chaudes : l’ombre, les transports et la mer.',
    },
  },
  articles: [
    digitalArchive,
    grainStorage,
    publicLibrary,
    translationMovement,
    measuringLearning,
    arabicComputing,
    energyTransition,
    waterSharedDecision,
    cityHeat,
    busNetwork,
    coastalCities,
    remoteWork,
    readingAChart,
    openReadings,
  ],
  poll: {
    question: {
      ar: 'ما الذي يجعلك تختار الحافلة أولًا؟',
      en: 'What would most make you choose the bus?',
      fr: 'Qu’est-ce qui vous ferait surtout choisir le bus ?',
    },
    intro: {
      ar: 'سؤال مثال، ليُجرَّب به التصويت.',
      en: 'A sample question, for trying how voting works.',
      fr: 'Une question d’exemple, pour essayer le vote.',
    },
    options: [
      { ar: 'أن تمر كل بضع دقائق', en: 'One every few minutes', fr: 'Un passage toutes les quelques minutes' },
      { ar: 'خريطة ومواعيد مفهومة', en: 'A map and times I can follow', fr: 'Un plan et des horaires clairs' },
      { ar: 'طريق مظلل إلى المحطة', en: 'A shaded way to the stop', fr: 'Un chemin ombragé jusqu’à l’arrêt' },
      { ar: 'تذكرة واحدة لكل الوسائل', en: 'One ticket for every service', fr: 'Un seul billet pour tous les transports' },
    ],
    article: 'bus-network',
  },
};
