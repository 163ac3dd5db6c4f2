import type { SampleArticle } from '../sample-article.js';

/** Short opinion with a full English translation: the public library as a place. */
export const publicLibrary: SampleArticle = {
  key: 'public-library',
  type: 'opinion',
  kicker: 'رأي',
  title: 'المكتبة العامة مكان لا مخزن',
  summary:
    'إذا كان الكتاب قد صار في الجيب، فلماذا نبني المكتبات؟ لأن المكتبة لم تكن يومًا رفوفًا فحسب؛ إنها من الأماكن القليلة التي يدخلها الناس بلا ثمن ولا سبب.',
  body: `<p>يسأل بعضهم: ما حاجتنا إلى مكتبة عامة والكتب كلها في الهاتف؟ والسؤال يفترض أن المكتبة مخزن للورق، فإذا وُجد مخزن أصغر استغنينا عن الأكبر. لكن الذين يترددون على المكتبات يعرفون أنهم لا يذهبون إليها من أجل الورق وحده.</p>
<p>المكتبة مكان هادئ لطالب لا يجد في بيته طاولة، ومكان دافئ في الشتاء وبارد في الصيف لمسنّ يعيش وحده، ومكان آمن لطفلة تكتشف أول قصة تختارها بنفسها. وهي من الأماكن العامة القليلة التي لا يُسأل داخلها عما سيشتري.</p>
<h2>أمين المكتبة دليل</h2>
<p>وفي زمن تفيض فيه المعلومات تزداد قيمة من يرشد إليها. فأمين المكتبة لا يحرس الكتب، بل يعلّم السائل كيف يصوغ سؤاله، وكيف يميز المصدر الرصين من المصدر المتعجل، وأين يجد ما لا تعرضه نتيجة البحث الأولى. وهذه مهارة لا يملكها الرف ولا الشاشة.</p>
<p>لا أدعو إلى بناء قاعات فخمة تُفتتح ثم تُغلق. يكفي الحي مكتبة صغيرة تفتح في المساء حين يفرغ الناس من أعمالهم، فيها كراسي مريحة، واتصال بالشبكة، وبرنامج أسبوعي متواضع يقترحه الجيران. ولنقس نجاحها بعدد الذين يعودون إليها، لا بعدد المجلدات التي تصطف على رفوفها.</p>`,
  authors: ['مريم-آل-مرجان'],
  section: 'المعرفة-والتراث',
  tags: ['المكتبات', 'التعليم', 'المدن'],
  publishedAt: '2024-05-06T06:45:00Z',
  translation: {
    lang: 'en',
    kicker: 'Opinion',
    title: 'The Public Library Is a Place, Not a Storehouse',
    summary:
      'If books now fit in a pocket, why build libraries? Because a library was never only shelves; it is one of the few places people may enter without a price or a reason.',
    body: `<p>Some ask: what need have we of a public library when all the books are in the phone? The question assumes that a library is a storehouse of paper, so that once a smaller store is found the larger can be done without. But those who frequent libraries know that they do not go there for the paper alone.</p>
<p>A library is a quiet place for a student who finds no table at home, a place warm in winter and cool in summer for an old person who lives alone, and a safe place for a girl discovering the first story she has chosen for herself. It is one of the few public places where nobody who enters is asked what they will buy.</p>
<h2>The librarian is a guide</h2>
<p>In a time of overflowing information, the value of those who show the way to it grows. A librarian does not guard books but teaches those who ask how to frame their question, how to tell a sound source from a hasty one, and where to find what the first search result does not show. This is a skill that neither the shelf nor the screen possesses.</p>
<p>I am not calling for grand halls that are opened and then closed. A neighbourhood needs only a small library that opens in the evening, when people have finished their work, with comfortable chairs, a network connection, and a modest weekly programme proposed by the neighbours. And let us measure its success by the number of people who come back to it, not by the number of volumes lined up on its shelves.</p>`,
    publishedAt: '2024-05-20T08:10:00Z',
  },
};
