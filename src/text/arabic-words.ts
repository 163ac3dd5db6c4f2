/**
 * What the rules of the stem cannot see from the letters, folded. A list is closed and of the language, not of a text: names of places and people
 * are in it only where cutting them would make another common word of them.
 */

const listed = (text: string): string[] => text.trim().split(/\s+/u);

/**
 * Words whose last letters look like an ending and are their own: cutting stops here, so that all forms of the word come to it.
 * Without the list لبنان would be لبن (milk), شعبان شعب (people), بحرين بحر (sea), كربون كرب (distress), and عناوين would not have عنوان's letters.
 */
export const WHOLE: ReadonlySet<string> = new Set(
  listed(`
  لبنان سودان سلطان حيوان بركان عدوان طيران جولان عمران سليمان سلمان حمدان زيدان عدنان شعبان نعمان غضبان مهرجان علمان
  عنوان بستان فستان شيطان ديوان شريان ثعبان قربان فنجان
  بحرين مسكين بنزين سكاكين دكاكين عناوين ميادين بساتين فساتين شياطين شرايين ثعابين قرابين فناجين براكين سلاطين ملايين تمارين براهين مضامين مجانين مساكين
  قانون صابون كانون طاعون هارون قارون تعاون متعاون تهاون متهاون زيتون كربون تليفون تلفون عربون فرعون بالون صالون اوزون ليمون ماكرون كرتون كارتون
  اثبات اوقات اصوات ابيات اموات افلات بيوت زيوت سكوت ثبوت بيروت انترنت
  مساهم يساهم تساهم تفاهم متفاهم متفهم دراهم يداهم تداهم
  فقيه شبيه نزيه وجيه فاكه فواكه ترفيه عليا بابا
  مواطن تضامن متضامن متضمن مستوطن معدن اسمنت اسفلت كويت ثابت لافت صامت ساكت خافت باهت لاتين ماراتون
  يوليو يونيو فيديو راديو استوديو استديو مانجو ناسا كورونا`),
);

/**
 * Feminines of two letters and ة, the only words that keep less than three letters before an ending: لغة، لغات، لغتها. A closed list, for
 * بيته، وقته، نبات look the same.
 */
export const TWO_LETTER_FEMININES = listed(`
  لغ سن جه صف ثق فء مء سم قو قم خط قص حص عد مد ام دق شق حج جث ذر كر هو صل هب سل غد رء دي زن عظ شد صح ضف قل عل جن جد شب ال سر
  بق نس حد رق ذم مه هم لج قب غر لذ`);

/** Nouns on اة of two letters before it: حياة، حياتها; in the plural the ا is و or ي. */
export const ALEF_FEMININES = listed('حي وف قن فت نج صل زك اد نو غد');

/** What no rule brings to its word. */
export const IRREGULAR: ReadonlyMap<string, string> = new Map(
  (
    [
      ['سنه', 'سنوات سنين سنون'],
      ['قنا', 'قنوات'],
      ['صلا', 'صلوات'],
      ['ادا', 'ادوات'],
      ['فتا', 'فتيات'],
      ['مرا', 'امراه'],
      ['وفا', 'وفيات'],
      ['صحه', 'صحي'],
      ['سينم', 'سينماء'],
      ['سماء', 'سماو'],
      ['مستو', 'مستوا'],
      ['محتو', 'محتوا'],
    ] as const
  ).flatMap(([stem, forms]) => listed(forms).map((form) => [form, stem] as const)),
);

const AFTER = '(?:ه|ها|هم|هن|نا|ا|ات|ي)?$';
/**
 * Words that begin with ال of their own, by their letters or, where only the whole word tells (العاب and العابر), with their endings;
 * and words whose first letters look like و، ف، ب، ك before ال. Where both readings are words, the more common one of news texts was taken: القاءد is the leader.
 */
export const OWN_ARTICLE = new RegExp(
  `^(?:[وف]?[بكل]?(?:${[
    // Names and loans.
    'الماني|المان$|الباني|الكترون|اليكترون|الزهايمر|الاسكا|الاباما|الكسندر|الكسي|اليكس|اليزابيث|الغوريتم|الترا$|البوم(?:ات|ا|ه)?$',
    // Verbal nouns and verbs whose first root letter is ل.
    `التزام|التحاق|التقاء|التقاط|التفاف|التهاب|التهام|التباس|الزام(?:ي|يه|ا|ات)?$`,
    ...['الغاء', 'القاء', 'الحاق', 'الحاح', 'الصاق'].map((word) => word + AFTER),
    'التماس(?:ا|ات|ه|ها)?$',
    'الت(?:زم|حق|قط|مس|بس|هب)(?:ت|وا)?$|التق(?:ي|ت|وا)$|ال[غق](?:ي|ت|وا)$',
    // Plurals of words whose first root letter is ل.
    ...['العاب', 'الوان', 'الحان', 'الغام', 'القاب', 'الفاظ', 'الياف', 'البان'].map((word) => `${word}(?:ه|ها|هم|نا|ا)?$`),
    'الواح(?:ها|ا)?$',
    // Thousands, machines, gods, "to".
    'الاف(?:ا|ه|ها|هم)?$|الوف$|الف(?:ا|ي|ين|يه|يات)$|الات(?:ه|ها|هم|نا)?$|الي(?:ه|ها|هم|هما|نا|ك|كم|ات|اته|اتها|ا)?$|اله(?:ه|ي|يه|ات)$|الله$|اللهم$|الان$',
    'الذي$|الذين$|التي$|اللذان$|اللذين$|اللتان$|اللتين$|اللاتي$|اللواتي$',
  ].join('|')})|${[
    'والد(?:ه|ها|هم|ته|تها|تهم|تي|نا|تنا|يه|يها|يهم)$|وكال(?:ه|ات|ت.+|ات.+)$|بالغ(?:ه|ون|ين|ات|ا)$|بالون|بالتيمور|بالي?ستي|باليرمو',
    'كالسيوم|كاليفورني|فالنسي|فالنتين|فالح(?:ه|ين|ون)$',
  ].join('|')})`,
  'u',
);

/** Words with ل for first letter, after ل for "to" and the article, of which only لل is written: للجنة is "to the committee", not "to the garden". */
export const OWN_LAM =
  /^ل(?:جن(?:ه|ت.+)$|جان|غ(?:ه|ات|وي.*|ت.+)$|قاح|قاء|بنان|ندن|يبي|يبرال|يتوان|اجء|جوء|اعب|عب(?:ه|ت.+)?$|وح(?:ه|ات)$|وبي|وكسمبورغ|حوم|حم$|سان|باس|يون|حظ(?:ه|ات)$|قب$|ون$|طف)/u;
