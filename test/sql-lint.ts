import ts from 'typescript';

/** Methods that take SQL, of TypeORM, of pg and our own. */
const SQL_METHODS = new Set(
  'query,statement,where,andWhere,orWhere,having,andHaving,orHaving,select,addSelect,orderBy,addOrderBy,groupBy,addGroupBy,distinctOn,from,addFrom'
    .split(',')
    .concat(['innerJoin', 'leftJoin', 'join'].flatMap((join) => ['', 'AndSelect', 'AndMapOne', 'AndMapMany'].map((more) => join + more)))
    .concat('addCommonTableExpression', 'setParameter', 'onConflict', 'orUpdate'),
);

/** Reviewed: they put SQL together from nothing but what they are given, which is then looked at in their stead. */
const BUILDERS = new Set(['validity', 'cursorSql']);

/** SQL that is not wholly written in the code where it is used. */
export interface SqlFault {
  readonly file: string;
  readonly line: number;
  /** The expression whose value enters the SQL. */
  readonly expression: string;
}

/**
 * Finds what enters SQL without being a literal of the same file: a substitution in a template, an operand of `+`, a name. Values belong into
 * `$1`; what is put together from a closed list is reviewed by hand.
 * @param file for the report @param source TypeScript
 */
export function sqlFaults(file: string, source: string): SqlFault[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const constants = constantsOf(tree);
  const imported = importedSql(tree);
  const faults = new Map<string, SqlFault>();

  const review = (node: ts.Node): void => {
    const expression = node.getText(tree).replaceAll(/\s+/g, ' ');
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
    if (!faults.has(expression)) faults.set(expression, { file, line, expression });
  };
  /** Follows an expression to the literals it is made of; what is none is to be reviewed. */
  const follow = (node: ts.Expression, template: boolean, seen: readonly ts.Node[] = []): void => {
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
      return follow(node.expression, template, seen);
    if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return;
    if (ts.isTemplateExpression(node)) return node.templateSpans.forEach((span) => follow(span.expression, true, seen));
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      follow(node.left, true, seen);
      return follow(node.right, true, seen);
    }
    if (ts.isConditionalExpression(node)) {
      follow(node.whenTrue, template, seen);
      return follow(node.whenFalse, template, seen);
    }
    if (ts.isIdentifier(node) && imported.has(node.text)) return;
    const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
    if (constant && !seen.includes(constant)) return follow(constant, template, [...seen, constant]);
    if (ts.isCallExpression(node) && BUILDERS.has(node.expression.getText(tree)))
      return node.arguments.forEach((part) => follow(part, true, seen));
    // Conditions as objects are TypeORM's to put into parameters.
    if (!template && (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node))) return;
    review(node);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = node.expression;
      const name = ts.isPropertyAccessExpression(called) ? called.name.text : /^(query|statement)$/.exec(called.getText(tree))?.[0];
      if (/^(Array|Buffer)\.from$/.test(called.getText(tree))) return ts.forEachChild(node, visit);
      // The first argument is the SQL; those after it are values, or parts of a condition in their turn where they are templates.
      if (name !== undefined && SQL_METHODS.has(name))
        node.arguments.forEach((argument, index) => (index === 0 || isText(argument) ? follow(argument, false) : undefined));
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  // What others import from here as SQL is looked at here.
  if (SQL_FILE.test(file.replace(/ts$/, 'js')))
    for (const statement of tree.statements.filter(ts.isVariableStatement))
      for (const { initializer } of statement.declarationList.declarations)
        if (initializer && isText(initializer)) follow(initializer, false);
  return [...faults.values()];
}

/** Whether it is put together as text. */
function isText(node: ts.Expression): boolean {
  return ts.isTemplateExpression(node) || (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken);
}

/** Files whose constants are SQL, each looked at where it stands. */
const SQL_FILE = /(\.queries|public-views)\.js$/;

/** Names imported from such files. */
function importedSql(tree: ts.SourceFile): Set<string> {
  const imports = tree.statements.filter(ts.isImportDeclaration).filter(({ moduleSpecifier }) => {
    return ts.isStringLiteral(moduleSpecifier) && SQL_FILE.test(moduleSpecifier.text);
  });
  const bindings = imports.map(({ importClause }) => importClause?.namedBindings).filter((named) => named && ts.isNamedImports(named));
  return new Set(bindings.flatMap((named) => (named as ts.NamedImports).elements.map(({ name }) => name.text)));
}

/** The constants of a file by name; a name that stands for two things is none. */
function constantsOf(tree: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  const ambiguous = new Set<string>();
  const visit = (node: ts.Node): void => {
    if ((ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) && ts.isIdentifier(node.name)) {
      const name = node.name.text;
      const constant = ts.isVariableDeclaration(node) && node.parent.flags & ts.NodeFlags.Const ? node.initializer : undefined;
      if (constants.has(name) || constant === undefined) ambiguous.add(name);
      else constants.set(name, constant);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  for (const name of ambiguous) constants.delete(name);
  return constants;
}
