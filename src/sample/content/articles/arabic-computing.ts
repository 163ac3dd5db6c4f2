import type { SampleArticle } from '../sample-article.js';

/** Long analysis with a full English translation: from encoding Arabic letters to finding Arabic words. */
export const arabicComputing: SampleArticle = {
  key: 'arabic-computing',
  slug: 'العربية-في-الآلة',
  type: 'analysis',
  kicker: 'الحوسبة العربية',
  title: 'العربية في الآلة: من ترميز الحرف إلى فهم الكلمة',
  summary:
    'قطعت العربية في الحاسوب طريقًا طويلًا من جداول متنافرة إلى معيار واحد. غير أن كتابة الحرف شيء، والعثور على الكلمة شيء آخر. جولة في ثلاث طبقات: الترميز، والعرض، والبحث.',
  body: `<p>حين يكتب أحدنا كلمة عربية على هاتفه فتظهر متصلة الحروف من اليمين إلى اليسار، لا يخطر بباله أن وراء هذا المشهد البسيط عقودًا من العمل. فالحاسوب لا يعرف حروفًا، بل أرقامًا؛ وكل نص مكتوب هو اتفاق بين من كتب ومن قرأ على معنى تلك الأرقام. وإذا اختلف الاتفاق ظهرت على الشاشة رموز غريبة لا تُفهم.</p>
<p>نمر في السطور الآتية بثلاث طبقات تقوم عليها العربية في الآلة: طبقة الترميز التي تعطي كل حرف رقمًا، وطبقة العرض التي ترسم الحرف في موضعه، وطبقة البحث التي تصل السائل بما يريد. ولكل طبقة أسئلتها التي لم يُغلق بعضها حتى اليوم.</p>
<h2>الترميز: اتفاق على الأرقام</h2>
<p>بدأت الحواسيب بجداول ضيقة وُضعت للإنجليزية، مثل ASCII الذي لا يتسع إلا لمئة وثمانية وعشرين رمزًا. ولما احتاجت العربية إلى مكان، وُضعت لها جداول متعددة، منها ISO 8859-6 وWindows-1256، يعطي كل منها الحرف نفسه رقمًا مختلفًا. وكان الملف الذي يُكتب على جهاز يصل إلى جهاز آخر مشوهًا إن لم يُعرف جدوله.</p>
<p>ثم جاء معيار Unicode بفكرة واضحة: رقم واحد لكل حرف في كل لغة. وخُصص للعربية نطاق أساسي يبدأ عند U+0600، يضم حروفها وحركاتها وأرقامها، وحروفًا تحتاج إليها لغات أخرى تُكتب بالخط العربي كالفارسية والأردية. واستقر أكثر العالم على صيغة UTF-8 لتخزين هذه الأرقام، فخفت مشكلة الرموز الغريبة، وإن بقيت آثارها في الأرشيفات القديمة.</p>
<h2>العرض: حرف واحد وأشكال كثيرة</h2>
<p>يتغير شكل الحرف العربي بحسب موضعه: فالعين في أول الكلمة غير العين في وسطها وآخرها. والمبدأ الذي استقر هو أن يُخزن الحرف مجردًا، وأن يتولى الخط اختيار الشكل المناسب عند الرسم. ومن خالف هذا المبدأ فخزن الأشكال الجاهزة صعب عليه البحث والفرز، لأن الكلمة الواحدة تصير عنده كلمات عدة.</p>
<p>وأصعب من الشكل مسألةُ الاتجاه. فالنص العربي يسير من اليمين إلى اليسار، لكن الأرقام والكلمات اللاتينية داخله تسير في الاتجاه المعاكس. ويصف المعيار خوارزمية مفصلة لترتيب هذا الخليط، وهي تصيب في معظم الأحوال، وتخطئ حين تُركب الجملة من قطع لا يعرف البرنامج اتجاهها: عنوان بريد، أو رقم هاتف، أو اسم منتج. والعلاج أن تُعزل كل قطعة غريبة داخل حدود واضحة، فلا يفسد اتجاهها ما حولها.</p>
<p>ويتصل بذلك أمر الأرقام نفسها. فللعربية صورتان شائعتان للأرقام، تسود إحداهما في المشرق والأخرى في المغرب، وقد تجتمعان في صفحة واحدة. والأسلم أن تُخزن القيمة بصورة واحدة، وأن تُعرض بالصورة التي يألفها القارئ، فلا تختلف نتيجة الحساب باختلاف الشكل، ولا يضيع تاريخ لأنه كُتب برقم من الصورة الأخرى.</p>
<h2>البحث: العثور على ما قُصد لا على ما كُتب</h2>
<p>لنفترض أن النص خُزن وعُرض على أحسن وجه. يبقى السؤال الأهم عند القارئ: هل يجد ما يبحث عنه؟ تجتمع هنا خصائص العربية كلها. فالناس يكتبون «إدارة» و«ادارة»، و«مكتبة» و«مكتبه»، و«مسؤول» و«مسئول»، ويقصدون الشيء نفسه. والحركات تُكتب قليلًا وتُهمل كثيرًا. وتلتصق بالكلمة حروف العطف والجر وأل التعريف والضمائر، فتصير «وبمكتباتهم» كلمة واحدة في نظر الآلة.</p>
<p>والحل المعتاد خطوتان. الأولى التوحيد: تُرد صور الهمزة والألف إلى أصل واحد، وتُحذف الحركات والتطويل، وتُعامل الأرقام بصورتيها معاملة واحدة. والثانية التجذيع: تُنزع السوابق واللواحق الشائعة للوصول إلى نواة الكلمة. وفي كلتا الخطوتين خطر الإفراط، فمن نزع الواو من «وزير» والباء من «بكين» ظنًا أنهما حرفان زائدان أضاع الكلمة وهو يطلبها.</p>
<blockquote><p>البحث الجيد يتسامح مع القارئ ولا يتساهل في المعنى.</p></blockquote>
<p>وتبقى جموع التكسير امتحانًا قائمًا، إذ لا تكفي قاعدة نزع اللواحق لوصل «كتاب» بـ«كتب» و«رئيس» بـ«رؤساء». وهنا تحتاج الآلة إلى معجم يحفظ الصلات، أو إلى نموذج تعلمها من نصوص كثيرة، والأفضل أن تُختبر الطريقتان على أسئلة حقيقية لا على أمثلة منتقاة.</p>
<h2>ما الذي بقي؟</h2>
<p>لعل أنفع ما يُبدأ به دفتر صغير من الأمثلة الصعبة: اسم مركب يُكتب بصورتين، وتاريخ اختلطت أرقامه، وجملة عربية في وسطها عنوان بريد، وكلمة تتبدل همزتها بين بلد وآخر. تُجرب عليه البرامج كلما تغيرت، فإذا أخفق مثال كان صالحًا بالأمس عُرف الخلل في يومه، وبقي الإصلاح معروفًا لمن يأتي بعدنا.</p>
<p>ما زالت أمام العربية في الآلة أعمال كثيرة، أغلبها صغير ومتصل بالعناية: خطوط واضحة على الشاشات الصغيرة، ومدققات إملائية مفتوحة، ونصوص تجريبية تكشف الأخطاء قبل وصولها إلى الناس، وبرامج تُصمم من البداية لاتجاهين لا لاتجاه واحد. وهذه أعمال لا تصنع عناوين كبيرة، لكنها تحدد هل يشعر القارئ العربي أن البرنامج صُنع له أم تُرجم إليه.</p>`,
  authors: ['يونس-بن-منارة'],
  section: 'المعرفة-والتراث',
  tags: ['اللغة-العربية', 'الرقمنة'],
  publishedAt: '2024-12-18T07:00:00Z',
  references: [
    { title: 'مدخل إلى ترميز النصوص (مرجع مثال)', source: 'كتاب تعليمي', url: 'https://example.org/text-encoding', accessed: '2024-12-01' },
    {
      title: 'Notes on Bidirectional Text (sample reference)',
      source: 'Technical note',
      url: 'https://example.org/bidi-notes',
      accessed: '2024-12-03',
    },
  ],
  translation: {
    lang: 'en',
    kicker: 'Arabic computing',
    title: 'Arabic in the Machine: From Encoding a Letter to Understanding a Word',
    summary:
      'Arabic on the computer has come a long way, from rival tables to a single standard. Yet writing a letter is one thing and finding a word another. A tour of three layers: encoding, display and search.',
    body: `<p>When one of us types an Arabic word on a phone and it appears with its letters joined, running from right to left, it hardly occurs to us that decades of work lie behind so simple a sight. A computer knows no letters, only numbers; every written text is an agreement between the one who wrote and the one who reads on what those numbers mean. When the agreement differs, the screen shows strange symbols that nobody understands.</p>
<p>In the following lines we pass through the three layers on which Arabic in the machine rests: the encoding layer, which gives each letter a number; the display layer, which draws the letter in its place; and the search layer, which brings those who ask to what they want. Each layer has its own questions, some of which remain open to this day.</p>
<h2>Encoding: an agreement on numbers</h2>
<p>Computers began with narrow tables made for English, such as ASCII, which has room for no more than one hundred and twenty-eight symbols. When Arabic needed a place, several tables were made for it, among them ISO 8859-6 and Windows-1256, each giving the same letter a different number. A file written on one machine would reach another garbled if its table was not known.</p>
<p>Then came the Unicode standard with a clear idea: one number for every letter in every language. Arabic was given a basic range beginning at U+0600, which holds its letters, vowel marks and digits, together with letters needed by other languages written in the Arabic script, such as Persian and Urdu. Most of the world settled on UTF-8 as the form in which to store these numbers, and the problem of strange symbols eased, though its traces remain in old archives.</p>
<h2>Display: one letter, many shapes</h2>
<p>The shape of an Arabic letter changes with its position: an <em>ayn</em> at the beginning of a word is not the <em>ayn</em> of the middle or the end. The principle that has prevailed is to store the bare letter and leave it to the font to choose the fitting shape when drawing. Whoever broke this principle and stored ready-made shapes found searching and sorting hard, because a single word became several.</p>
<p>Harder than shape is the matter of direction. Arabic text runs from right to left, but the numbers and Latin words inside it run the other way. The standard describes a detailed algorithm for ordering this mixture. It is right in most cases, and wrong when a sentence is put together from pieces whose direction the program does not know: an e-mail address, a telephone number, the name of a product. The remedy is to isolate each foreign piece within clear boundaries, so that its direction does not spoil what surrounds it.</p>
<p>Connected with this is the matter of digits themselves. Arabic has two common forms of digits, one prevailing in the east of the Arab world and the other in the west, and both may meet on one page. It is safest to store the value in a single form and to show it in the form the reader is used to, so that the result of a calculation does not differ with the shape, and no date is lost because it was written with digits of the other form.</p>
<h2>Search: finding what was meant, not what was typed</h2>
<p>Suppose the text has been stored and displayed in the best way. The question that matters most to the reader remains: can they find what they are looking for? Here all the features of Arabic meet. People write <em>idara</em> (administration) with or without its hamza, <em>maktaba</em> (library) with one final letter or another, and <em>masʼul</em> (responsible) with its hamza on either of two seats, and they mean the same thing. Vowel marks are seldom written and often left out. Conjunctions, prepositions, the definite article and pronouns attach to the word, so that “and in their libraries” becomes a single word in the eyes of the machine.</p>
<p>The usual solution has two steps. The first is normalisation: the forms of hamza and alef are brought back to one, vowel marks and elongation are removed, and digits are treated alike in both of their forms. The second is stemming: common prefixes and suffixes are stripped to reach the core of the word. In both steps there is a danger of excess: whoever strips the <em>w</em> from <em>wazir</em> (minister) or the <em>b</em> from <em>Bikin</em> (Beijing), taking them for added particles, loses the word while looking for it.</p>
<blockquote><p>Good search is lenient with the reader and strict with the meaning.</p></blockquote>
<p>Broken plurals remain a standing test, for no rule that strips suffixes is enough to connect <em>kitab</em> (book) with <em>kutub</em>, or <em>raʼis</em> (president) with <em>ruʼasaʼ</em>. Here the machine needs a lexicon that keeps these links, or a model that has learned them from many texts; and it is best to test both ways on real questions rather than on chosen examples.</p>
<h2>What remains?</h2>
<p>Perhaps the most useful thing to begin with is a small notebook of hard examples: a compound name written in two ways, a date whose digits are mixed, an Arabic sentence with an e-mail address in the middle of it, a word whose hamza changes from one country to another. Programs are tried on it whenever they change; when an example that worked yesterday fails, the fault is known the same day, and the repair remains known to those who come after us.</p>
<p>Much work still lies ahead for Arabic in the machine, most of it small and a matter of care: fonts that are clear on small screens, open spelling checkers, test texts that reveal errors before they reach people, and programs designed from the start for two directions rather than one. Such work makes no great headlines, but it decides whether Arabic readers feel that a program was made for them or merely translated.</p>`,
    publishedAt: '2025-01-15T09:00:00Z',
  },
};
