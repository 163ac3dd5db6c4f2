/**
 * Who may import whom. Rooms of a later row may be used by every earlier one, never the reverse and never beside.
 * A new room gets its place here before its first file.
 */
const ROWS = [
  ['main', 'cli'],
  ['app.setup', 'app.module'],
  ['backup', 'doctor', 'site', 'import', 'sample'],
  ['polls', 'send-to-friend', 'search', 'ads', 'front', 'readership'],
  ['articles', 'masthead'],
  ['authors'],
  ['sections', 'media'],
  ['accounts'],
  ['mail'],
  ['audit'],
  ['jobs'],
  ['access'],
  ['http'],
  ['database'],
  ['config', 'text'],
];

const room = (name) => `^src/${name.replace('.', '[.]')}(/|[.]tsx?$)`;
const rooms = (names) => names.map(room).join('|');

// The command line starts the server, and the set-up opens the table of contents: the two pairs of one row that may meet.
const BESIDE = new Set(['cli main', 'app.setup app.module']);

const directions = ROWS.flatMap((row, index) =>
  row.map((name) => {
    const above = ROWS.slice(0, index).flat();
    const beside = row.filter((other) => other !== name && !BESIDE.has(`${name} ${other}`));
    return {
      name: `${name}-imports-downwards`,
      comment: 'Move what both need into a room below, or let the room above register itself.',
      severity: 'error',
      from: { path: room(name), pathNot: '[.]spec[.]tsx?$' },
      to: { path: rooms([...above, ...beside]) || '^$' },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'no-circular',
      comment: 'Entities may name each other for their relations; nothing else goes in circles.',
      severity: 'error',
      from: { pathNot: '[.]entity[.]ts$' },
      to: { circular: true, viaOnly: { pathNot: '[.]entity[.]ts$' } },
    },
    {
      name: 'dto-and-queries-stay-home',
      comment: 'Across a border go entities and exported services only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.+[.](dto|queries)[.]ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'migrations-stand-alone',
      comment: 'A migration must run the same in ten years: it imports typeorm and nothing of ours.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { pathNot: '^migrations/|node_modules/typeorm' },
    },
    {
      name: 'every-room-has-a-row',
      comment: 'Add the room to ROWS in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms(ROWS.flat()) },
      to: {},
    },
    {
      name: 'no-test-code-in-the-house',
      severity: 'error',
      from: { path: '^src/', pathNot: '[.]spec[.]tsx?$' },
      to: { path: '^test/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
