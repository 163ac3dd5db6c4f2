/**
 * Words of questions and grammar that say nothing of what a text is about, folded. They are in the index, so that phrases find them; only
 * queries leave them out.
 */
const STOP_WORDS: ReadonlySet<string> = new Set(
  [
    'في من عن مع هذا هذه ذلك تلك هولاء التي الذي الذين اللذين هو هي هم هن نحن انا انت ان انه انها انهم لان بان كان كانت يكون تكون ما ماذا لماذا كيف متي اين هل كم',
    'اي لا لم لن ليس ليست قد لقد ثم او بل حتي اذا لو كل بعض غير بين عند منذ خلال حول بعد قبل كما مما فيما عما ومن وفي ومع وما وهو وهي وقد ولا فان',
    'فيه فيها منه منها به بها له لها لهم عليه عليها اليه اليها لكن ولكن هنا هناك حيث ايضا يا ال و ف ب ل ك',
    'the of in and or a an to for on at by is are was were be what who how why when where which with from as that this it its do does did about',
    'le la les l d de du des un une et en dans a au aux pour par sur que qui quoi est sont quel quelle quels quelles comment pourquoi ou ce cette ces avec',
  ].flatMap((words) => words.split(' ')),
);

/** على and إلى: with ي they are other words (the name علي, آلي). Folded both look the same. */
const WITH_ALEF_MAQSURA: ReadonlySet<string> = new Set(['علي', 'الي', 'وعلي', 'والي']);

/**
 * @param word folded @param written as it was typed: in capitals it is an acronym (WHO)
 * @returns whether a query leaves it out
 */
export function isStopWord(word: string, written: string): boolean {
  if (WITH_ALEF_MAQSURA.has(word)) return /ى\p{M}*$/u.test(written);
  return STOP_WORDS.has(word) && !/^\p{Lu}{2,}$/u.test(written);
}
