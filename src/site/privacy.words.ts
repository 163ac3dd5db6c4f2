import type { Lang } from '../text/language.js';

/**
 * How long things are kept, in words of the page's language. The page makes them of the constants that the program goes by; no number is
 * written here, and a test sees to that.
 */
export type Spans = Readonly<
  Record<
    | 'reload'
    | 'reading'
    | 'readerCookie'
    | 'places'
    | 'voters'
    | 'voteLink'
    | 'unsent'
    | 'listed'
    | 'wait'
    | 'shares'
    | 'senderCookie'
    | 'limits'
    | 'work'
    | 'idle'
    | 'session'
    | 'device'
    | 'previews',
    string
  >
>;

/** What is kept of whom, in the order of the page; the names are the sections' addresses on it. */
export const TOPICS = ['reading', 'counts', 'votes', 'shares', 'letters', 'limits', 'editors', 'backups', 'others'] as const;
export type Topic = (typeof TOPICS)[number];

interface Words {
  readonly title: string;
  readonly lead: string;
  readonly responsible: string;
  readonly topics: (spans: Spans) => Readonly<Record<Topic, { readonly heading: string; readonly statements: readonly string[] }>>;
}

/** Every statement was read off the code. Whoever changes what is stored changes it here, in three languages. */
export const WORDS: Readonly<Record<Lang, Words>> = {
  ar: {
    title: 'الخصوصية',
    lead: 'ما يحفظه هذا الموقع عن قرّائه، ولماذا، وكم يبقى، ومن يراه. المدد المذكورة هي نفسها التي يعمل بها البرنامج.',
    responsible: 'المسؤول عن هذا الموقع:',
    topics: (spans) => ({
      reading: {
        heading: 'القراءة',
        statements: [
          'تقرأ بلا حساب وبلا ملفات تعريف ارتباط (cookies)، ولا تحمّل الصفحات شيئًا من موقع آخر.',
          'لا يُحفظ عنوان شبكتك، لا في قاعدة البيانات ولا في سجل البرنامج. في السجل الأعطال وحدها: رقم عشوائي للطلب أو رقم ما تعطّل، ونوعه ووقته.',
          'لا تُحفظ كلمات بحثك.',
          'قد يحتفظ مشغّل الخادم، أو وسيط أمامه، بسجلات خاصة به؛ المركز يعرفها فاسأله عنها.',
        ],
      },
      counts: {
        heading: 'ما يُعدّ',
        statements: [
          `تُعدّ مرات ظهور كل إعلان والنقر عليه يومًا بيوم، ومرات قراءة كل مادة ساعة بساعة، أرقامًا لا غير؛ وتُنسى أرقام القراءة بعد ${spans.reading}. ولئلا يُعدّ تحديث الصفحة مرة أخرى يتذكر البرنامج مدة ${spans.reload} بصمة من الإعلان أو المادة وعنوان الشبكة والمتصفح، في الذاكرة وحدها، بمفتاح لا يُكتب في أي مكان.`,
        ],
      },
      votes: {
        heading: 'التصويت',
        statements: [
          `يوضع ملف تعريف ارتباط واحد عند تصويتك لا قبله، ويبقى ${spans.readerCookie}: فيه رقم عشوائي ووقت إصداره وتوقيعه، وهو لكل الاستطلاعات. الرقم نفسه لا نحفظه.`,
          `مع اختيارك تُحفظ بصمة من ذلك الرقم بمفتاح خاص بالاستطلاع، وبصمة من إيصالك، ووقت التصويت: بها يصوّت القارئ مرة واحدة. وبعد إغلاق الاستطلاع بمدة ${spans.voters} يُتلف المفتاح وكل ما يصل البطاقة بصاحبها، ولا يبقى من الوقت إلا اليوم. الاختيارات تبقى، فهي النتيجة.`,
          `ليُعرف الحشد من البرنامج تبقى مع البطاقة مدة ${spans.places} بصمات من عنوان شبكتك وجوارها ومن اسم متصفحك، بمفتاح عشوائي جديد كل يوم يُحذف بعدها. ويرى المحررون كم بطاقة جاءت من مكان واحد ومتى، ولا يرون عنوانًا ولا بصمة. وبصمة شبكة يعلنها المحررون للقاء ما تبقى ${spans.places} بعده.`,
          `حيث يُطلب التأكيد بالبريد يُستعمل عنوانك لتلك الرسالة، ورابطها صالح ${spans.voteLink}. وتبقى من العنوان بصمة بمفتاح الاستطلاع حتى ${spans.voters} بعد إغلاقه، لأن لكل عنوان صوتًا واحدًا.`,
          'النتيجة الموقّعة منشورة على الدوام، وفيها بصمات إيصالات البطاقات المحسوبة لتتحقق أن بطاقتك بينها؛ ولا تقول من اختار ماذا.',
        ],
      },
      shares: {
        heading: 'الإرسال إلى صديق',
        statements: [
          `الأسماء والعناوين والكلمة المرفقة تُحفظ معمّاة حتى تُكتب الرسائل، ${spans.wait} على الأكثر، ثم تُحذف. مفتاحها ليس في قاعدة البيانات.`,
          `ولئلا يصل شيء مرتين، ولتُحترم الحدود، تبقى مدة ${spans.shares} بصمات بمفتاح من المرسل والمستلمين والطلب. ورابط التأكيد تبقى بصمته ${spans.wait}.`,
          `بعد أن تؤكد عنوانك يوضع ملف تعريف ارتباط مدته ${spans.senderCookie}، لئلا تُسأل كل مرة: يثبت صندوقًا بريديًّا ولا يسمّيه.`,
          'من رفض هذه الرسائل تبقى بصمة صندوقه على الدوام، وإلا لكُتب إليه من جديد.',
          'يرى صديقك الاسم الذي كتبتَه، ويرى عنوانك إن سمحت بالرد. ويرى المحررون عدد ما أُرسل من كل مادة يومًا بيوم. ولا يُسجل من فتح رسالة أو رابطًا.',
        ],
      },
      letters: {
        heading: 'الرسائل',
        statements: [
          `كل رسالة من هذا الموقع معمّاة، عنوانها ونصها، حتى تُرسل. وإن تعذّر إرسالها حُذفا بعد ${spans.unsent} من كتابتها. ويبقى بعد انتهائها ${spans.listed} سطر بلا عنوان ولا نص: نوعها وما صار إليها، ومن الرسالة إلى صديق بصمة من أرسلها.`,
          'وحيث لا خادم بريد للمركز لا تُرسل الرسائل، بل توضع أحدثها ملفات على خادمه لا يقرؤها إلا مشغّله.',
        ],
      },
      limits: {
        heading: 'الحدود',
        statements: [
          `لئلا يُغرق أحد الموقع أو بريد غيره تُعدّ الطلبات تحت بصمات بمفتاح من عنوان الشبكة والصندوق البريدي ونطاقه. يُحذف كل عدد متى انقضت مدته، ${spans.limits} على الأكثر.`,
          `ما يحسبه متصفحك قبل تصويت أو إرسال (يُقبل خلال ${spans.work}) لا يقول عنك شيئًا.`,
        ],
      },
      editors: {
        heading: 'المحررون',
        statements: [
          `للمحررين حسابات: الاسم والبريد وبصمة كلمة المرور والعامل الثاني إن وُجد. تنتهي الجلسة بعد ${spans.idle} بلا استعمال و${spans.session} على الأكثر، ومعها اسم المتصفح والنظام؛ والجهاز المعروف يُنسى بعد ${spans.device}. والعنوان الذي تُطلب له كلمة مرور جديدة يُحفظ حتى تُكتب رسالته، ثم يُحذف.`,
          `أفعالهم في سجل يراه من له حق المراجعة، ويبقى على الدوام أو ما حدده المركز. وروابط المعاينة وملاحظاتها ووقت فتحها أول مرة تبقى ${spans.previews} بعد انتهائها.`,
        ],
      },
      backups: {
        heading: 'النسخ الاحتياطية',
        statements: [
          'في النسخة ما كان محفوظًا حين صُنعت، ما بقيت عند المركز؛ ولا تدخلها الجلسات ولا عدّادات الحدود ولا مفاتيح الشبكات اليومية. وما كان على الاستطلاعات أن تنساه يُنسى قبل أن تُخدم نسخة مستعادة.',
        ],
      },
      others: {
        heading: 'الآخرون',
        statements: [
          'لا يرسل البرنامج شيئًا مما سبق إلى أحد سوى الرسائل إلى خادم البريد الذي يوصلها. لا أدوات تتبع ولا تحليلات لجهات أخرى. ومن تبع رابطًا إلى موقع آخر لا يُخبَر ذلك الموقع من أين جاء.',
        ],
      },
    }),
  },
  en: {
    title: 'Privacy',
    lead: 'What this site keeps of its readers, why, for how long, and who sees it. The periods are the very ones that the program goes by.',
    responsible: 'Responsible for this site:',
    topics: (spans) => ({
      reading: {
        heading: 'Reading',
        statements: [
          'You read without an account and without cookies, and pages load nothing from any other site.',
          'Your network address is not stored, neither in the database nor in the program’s log. The log tells of faults only: a random number of the request or the number of what failed, its kind and its time.',
          'What you search for is not stored.',
          'Whoever runs the server, or a proxy in front of it, may keep logs of their own; the center knows, so ask it.',
        ],
      },
      counts: {
        heading: 'What is counted',
        statements: [
          `How often each advertisement is seen and followed is counted day by day, and how often each piece is read hour by hour, as numbers and nothing else; those of reading are forgotten after ${spans.reading}. So that a reload is not counted again, the program remembers for ${spans.reload} a hash of advertisement or piece, network address and browser, in memory alone, under a key that is written nowhere.`,
        ],
      },
      votes: {
        heading: 'Voting',
        statements: [
          `One cookie is set when you vote and not before, for ${spans.readerCookie}: a random number, when it was issued, and a signature; it serves all polls. The number itself is not stored by us.`,
          `With your choice a hash of that number under a key of the poll’s own, a hash of your receipt and the time of the vote are stored: so each reader votes once. When the poll has been closed for ${spans.voters}, the key is destroyed, and whatever leads from a ballot to its reader; of the time only the day is left. Choices stay, because they are the result.`,
          `So that a crowd can be told from a program, a ballot bears for ${spans.places} hashes of your network address, of its neighbourhood and of your browser’s name, under a random key, a new one each day, which is deleted after them. Editors see how many ballots came from one place and when, and neither address nor hash. The hash of a network that editors declare for a gathering is kept until ${spans.places} after it.`,
          `Where a poll asks for confirmation by mail, your address is used for that letter, whose link is good for ${spans.voteLink}. Of the address a hash under the poll’s key is kept until ${spans.voters} after its closing, because each address has one vote.`,
          'The signed result is public for good. It holds hashes of the receipts of counted ballots, so that you can see that yours is among them; it does not tell who chose what.',
        ],
      },
      shares: {
        heading: 'Sending to a friend',
        statements: [
          `Names, addresses and message are kept encrypted until the letters are written, ${spans.wait} at the most, and then deleted. Their key is not in the database.`,
          `So that nothing arrives twice and limits hold, keyed hashes of sender, recipients and request are kept for ${spans.shares}. The hash of a confirmation link is kept for ${spans.wait}.`,
          `When you have confirmed your address a cookie is set for ${spans.senderCookie}, so that you are not asked each time: it proves a mailbox and does not name it.`,
          'Of whoever refuses such letters a hash of the mailbox is kept for good: otherwise they would be written to again.',
          'Your friend sees the name you gave, and your address if you allow answers. Editors see how often each piece was sent, day by day. Who opens a letter or a link is not recorded.',
        ],
      },
      letters: {
        heading: 'Letters',
        statements: [
          `Address and text of every letter of this site are encrypted until it is sent. If it cannot be sent they are deleted ${spans.unsent} after it was written. For ${spans.listed} after its end a line without address and text remains: its kind, what became of it and, of a letter to a friend, a hash of who caused it.`,
          'A center without a mail relay does not send its letters: the newest lie as files on its server, where only whoever runs it can read them.',
        ],
      },
      limits: {
        heading: 'Limits',
        statements: [
          `So that nobody floods the site or the mailboxes of others, requests are counted under keyed hashes of network address, mailbox and mail domain. Each count is deleted when its time is over, after ${spans.limits} at the most.`,
          `What your browser computes before a vote or a letter (taken for ${spans.work}) tells nothing about you.`,
        ],
      },
      editors: {
        heading: 'Editors',
        statements: [
          `Editors have accounts: name, mail address, hash of the password, and a second factor if they use one. A session ends after ${spans.idle} without use and after ${spans.session} in any case, and bears the names of browser and system; a known device is forgotten after ${spans.device}. An address that a new password is asked for is kept until its letter is written, and then deleted.`,
          `What they do stands in a log that those with the right to review see, for good or as long as the center has set. Preview links, their notes and when they were first opened are kept until ${spans.previews} after their end.`,
        ],
      },
      backups: {
        heading: 'Backups',
        statements: [
          'A backup holds what was stored when it was made, for as long as the center keeps it; sessions, counts of limits and the daily keys of networks are not in it. What polls have to forget by then is forgotten before a restored backup is served.',
        ],
      },
      others: {
        heading: 'Others',
        statements: [
          'The program sends nothing of all this to anybody, except letters to the mail relay that delivers them. There are no trackers and no analytics of others. Whoever follows a link to another site: that site is not told from where.',
        ],
      },
    }),
  },
  fr: {
    title: 'Confidentialité',
    lead: 'Ce que ce site conserve de ses lecteurs, pourquoi, combien de temps, et qui le voit. Les durées sont celles mêmes que suit le programme.',
    responsible: 'Responsable de ce site :',
    topics: (spans) => ({
      reading: {
        heading: 'Lire',
        statements: [
          'Vous lisez sans compte et sans cookie, et les pages ne chargent rien d’un autre site.',
          'Votre adresse réseau n’est conservée ni dans la base de données ni dans le journal du programme. Le journal ne contient que les pannes : un numéro aléatoire de la requête ou celui de ce qui a échoué, son genre et son heure.',
          'Ce que vous cherchez n’est pas conservé.',
          'Qui exploite le serveur, ou un mandataire placé devant, peut tenir ses propres journaux ; le centre le sait, demandez-lui.',
        ],
      },
      counts: {
        heading: 'Ce qui est compté',
        statements: [
          `Les vues et les clics de chaque annonce sont comptés jour par jour, et les lectures de chaque article heure par heure, en nombres seulement ; ceux des lectures sont oubliés après ${spans.reading}. Pour qu’un rechargement ne compte pas deux fois, le programme retient pendant ${spans.reload} une empreinte de l’annonce ou de l’article, de l’adresse réseau et du navigateur, en mémoire seulement, sous une clé qui n’est écrite nulle part.`,
        ],
      },
      votes: {
        heading: 'Voter',
        statements: [
          `Un seul cookie est déposé quand vous votez, pas avant, pour ${spans.readerCookie} : un nombre aléatoire, sa date d’émission et une signature ; il sert à tous les sondages. Nous ne conservons pas le nombre lui-même.`,
          `Avec votre choix sont conservées une empreinte de ce nombre sous une clé propre au sondage, une empreinte de votre reçu et l’heure du vote : ainsi chacun vote une fois. Quand le sondage est clos depuis ${spans.voters}, la clé est détruite, avec tout ce qui mène d’un bulletin à son auteur ; de l’heure il ne reste que le jour. Les choix restent : ils sont le résultat.`,
          `Pour distinguer une foule d’un programme, un bulletin porte pendant ${spans.places} des empreintes de votre adresse réseau, de son voisinage et du nom de votre navigateur, sous une clé aléatoire, nouvelle chaque jour, supprimée après elles. Les éditeurs voient combien de bulletins sont venus d’un même endroit et quand, mais ni adresse ni empreinte. L’empreinte d’un réseau que les éditeurs déclarent pour une réunion est conservée jusqu’à ${spans.places} après celle-ci.`,
          `Là où un sondage demande une confirmation par courriel, votre adresse sert à cette lettre, dont le lien vaut ${spans.voteLink}. De l’adresse, une empreinte sous la clé du sondage est conservée jusqu’à ${spans.voters} après la clôture, car chaque adresse a une voix.`,
          'Le résultat signé est public pour toujours. Il contient les empreintes des reçus des bulletins comptés, pour que vous puissiez voir que le vôtre y est ; il ne dit pas qui a choisi quoi.',
        ],
      },
      shares: {
        heading: 'Envoyer à un ami',
        statements: [
          `Noms, adresses et message sont conservés chiffrés jusqu’à ce que les lettres soient écrites, ${spans.wait} au plus, puis supprimés. Leur clé n’est pas dans la base de données.`,
          `Pour que rien n’arrive deux fois et que les limites tiennent, des empreintes à clé de l’expéditeur, des destinataires et de la demande sont conservées ${spans.shares}. L’empreinte d’un lien de confirmation est conservée ${spans.wait}.`,
          `Quand vous avez confirmé votre adresse, un cookie est déposé pour ${spans.senderCookie}, afin de ne pas vous le redemander : il prouve une boîte aux lettres sans la nommer.`,
          'De qui refuse ces lettres, une empreinte de la boîte est conservée pour toujours : sinon on lui écrirait de nouveau.',
          'Votre ami voit le nom que vous avez donné, et votre adresse si vous permettez les réponses. Les éditeurs voient combien de fois chaque texte a été envoyé, jour par jour. Qui ouvre une lettre ou un lien n’est pas enregistré.',
        ],
      },
      letters: {
        heading: 'Lettres',
        statements: [
          `L’adresse et le texte de chaque lettre de ce site sont chiffrés jusqu’à l’envoi. Si elle ne peut partir, ils sont supprimés ${spans.unsent} après sa rédaction. Pendant ${spans.listed} après sa fin il reste une ligne sans adresse ni texte : son genre, son sort et, pour une lettre à un ami, une empreinte de qui l’a causée.`,
          'Un centre sans relais de courriel n’envoie pas ses lettres : les dernières restent en fichiers sur son serveur, où seul l’exploitant peut les lire.',
        ],
      },
      limits: {
        heading: 'Limites',
        statements: [
          `Pour que personne n’inonde le site ou les boîtes d’autrui, les demandes sont comptées sous des empreintes à clé de l’adresse réseau, de la boîte et de son domaine. Chaque compte est supprimé quand son temps est écoulé, après ${spans.limits} au plus.`,
          `Ce que votre navigateur calcule avant un vote ou une lettre (accepté pendant ${spans.work}) ne dit rien de vous.`,
        ],
      },
      editors: {
        heading: 'Éditeurs',
        statements: [
          `Les éditeurs ont des comptes : nom, adresse de courriel, empreinte du mot de passe et, s’ils en usent, un second facteur. Une session finit après ${spans.idle} sans usage et au plus tard après ${spans.session}, et porte les noms du navigateur et du système ; un appareil connu est oublié après ${spans.device}. L’adresse pour laquelle un nouveau mot de passe est demandé est conservée jusqu’à l’écriture de son message, puis supprimée.`,
          `Ce qu’ils font figure dans un journal que voient ceux qui ont droit de contrôle, pour toujours ou aussi longtemps que le centre l’a fixé. Les liens d’aperçu, leurs notes et l’heure de leur première ouverture sont conservés jusqu’à ${spans.previews} après leur fin.`,
        ],
      },
      backups: {
        heading: 'Sauvegardes',
        statements: [
          'Une sauvegarde contient ce qui était conservé quand elle fut faite, aussi longtemps que le centre la garde ; les sessions, les comptes des limites et les clés quotidiennes des réseaux n’y sont pas. Ce que les sondages doivent avoir oublié l’est avant qu’une sauvegarde restaurée soit servie.',
        ],
      },
      others: {
        heading: 'Autrui',
        statements: [
          'Le programme n’envoie rien de tout cela à personne, sauf les lettres au relais de courriel qui les porte. Ni traceurs ni mesures d’audience de tiers. À qui suit un lien vers un autre site : ce site n’apprend pas d’où.',
        ],
      },
    }),
  },
};
