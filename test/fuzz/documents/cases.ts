import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  buildSchema,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { packageFolder } from '../../../src/package-files.js';
import { canary } from '../../attacks/attack.js';
import { soundOperations } from './sound.js';

/** A body for `/graphql`, as text: it need not be JSON. */
export interface DocumentCase {
  readonly type: string;
  readonly body: string;
}

const schema = buildSchema(readFileSync(`${packageFolder}schema/schema.graphql`, 'utf8'));
const of = fc.constantFrom;
const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 7) =>
  fc.oneof({ weight, arbitrary: usual }, odd);
const nested = (open: string, close: string, count: number, inner = '') =>
  open.repeat(count) + inner + close.repeat(count);

const oddName = of(
  '__proto__',
  'constructor',
  'toString',
  '__typename',
  '__schema',
  '_',
  'a'.repeat(500),
  'é',
  '0a',
  'on',
  'true',
  'null',
  'fragment',
  '$',
  '',
);
const text = fc.oneof(
  of(
    canary,
    `${canary}@example.com`,
    'alice@example.com',
    'A'.repeat(43),
    '',
    'x'.repeat(9_000),
    '\0',
    '\ufeff',
    '\u202e',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const literalText = fc.oneof(
  text.map((each) => JSON.stringify(each)),
  text.map((each) => `"""${each.replaceAll('"', "'")}"""`),
  of('"', '"""', '"\\', '"\\u{110000}"', '"\\ud800"', '"\\u{d800}"', '"\\x"', '"a\nb"', '"""\\""""""', '""""""'),
);
const scalar = rarely(
  literalText,
  of(
    '0',
    '-0',
    '1e400',
    '9'.repeat(400),
    '-1.5e-300',
    'true',
    'null',
    'ENUM',
    '[]',
    '{}',
    '$v',
    '$none',
    nested('[', ']', 60),
    nested('{a:', '}', 60, '1'),
    '00',
    '.5',
    '1.',
    '0xF',
    '@',
    '…',
  ),
  3,
);

/** A literal for a type, seldom one that does not fit. */
function literal(type: GraphQLInputType, depth = 0): fc.Arbitrary<string> {
  const inner = getNullableType(type);
  if (isListType(inner))
    return fc.array(literal(inner.ofType, depth + 1), { maxLength: 3 }).map((all) => `[${all.join(' ')}]`);
  if (!isInputObjectType(inner) || depth > 3) return scalar;
  const members = Object.values(inner.getFields()).map((field) =>
    fc.tuple(rarely(of(field.name), oddName, 12), literal(field.type, depth + 1)),
  );
  const all = fc.tuple(...members, ...[rarely(of(undefined), fc.tuple(oddName, scalar), 6)]);
  return rarely(
    all.map((each) => `{${each.flatMap((pair) => (pair ? [pair.join(':')] : [])).join(' ')}}`),
    scalar,
  );
}

const directive = rarely(
  of(''),
  of(
    ' @skip(if:true)',
    ' @include(if:$v)',
    ' @skip',
    ' @deprecated',
    ' @defer',
    ' @nothing(a:"b")',
    ' @skip(if:true)@skip(if:true)',
    ' @include(if:"x")',
  ),
);
const alias = rarely(
  of(''),
  rarely(
    of('a:', 'b:'),
    oddName.map((name) => `${name}:`),
  ),
  4,
);

function selection(type: GraphQLOutputType, depth: number): fc.Arbitrary<string> {
  const named = getNamedType(type);
  const spread = of(
    '...f0',
    '...f1',
    '...f2',
    '...none',
    '...',
    '...{__typename}',
    '...on String{a}',
    '...on __proto__{a}',
  );
  const junk = fc.oneof(of('__typename', '__type(name:"x"){name}', '__schema{types{name}}'), spread, oddName);
  if (depth <= 0) return junk;
  const choices: fc.Arbitrary<string>[] = [];
  if (isUnionType(named)) {
    choices.push(
      of(...named.getTypes()).chain((each) =>
        selection(each, depth - 1).map((inner) => `...on ${each.name}{${inner}}`),
      ),
    );
  } else if (isObjectType(named)) {
    for (const field of Object.values(named.getFields())) {
      const args = fc.tuple(...field.args.map((arg) => literal(arg.type).map((value) => `${arg.name}:${value}`)));
      const given =
        field.args.length === 0
          ? rarely(of(''), of('(a:1)', '()'), 12)
          : rarely(
              args.map((all) => `(${all.join(',')})`),
              of('(input:$v)', '', '(input:$v input:$v)'),
              3,
            );
      const isLeaf = !isObjectType(getNamedType(field.type)) && !isUnionType(getNamedType(field.type));
      const below = isLeaf
        ? rarely(of(''), of('{a}', '{}'), 12)
        : rarely(
            selection(field.type, depth - 1).map((inner) => `{${inner}}`),
            of('', '{}'),
            9,
          );
      choices.push(fc.tuple(alias, of(field.name), given, directive, below).map((parts) => parts.join('')));
    }
  }
  const field = fc.oneof({ weight: 9, arbitrary: fc.oneof(...choices, of('__typename')) }, junk);
  return fc.array(field, { minLength: 1, maxLength: 4 }).map((fields) => fields.join(' '));
}

const roots = [schema.getMutationType(), schema.getMutationType(), schema.getQueryType()].filter(
  (type) => type != null,
);
const inputNames = Object.values(schema.getTypeMap())
  .filter(isInputObjectType)
  .map(({ name }) => name);
const declared = rarely(
  of('', ''),
  fc
    .tuple(
      of(...inputNames, 'String', 'Boolean', 'ID', 'Nothing', 'Account'),
      of('!', '', '=null', '="x"', ' = {a:$v}'),
    )
    .map(([name, after]) => `($v:${name}${after})`),
  1,
);
const operation = of(...roots).chain((root) =>
  fc
    .tuple(
      rarely(of(root.name.toLowerCase()), of('subscription', '', 'fragment', 'QUERY', 'type')),
      rarely(
        of('', ' A', ' B'),
        oddName.map((name) => ` ${name}`),
      ),
      declared,
      directive,
      selection(root, 4),
    )
    .map(([kind, name, variables, after, fields]) => `${kind}${name}${variables}${after}{${fields}}`),
);
const types = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter(({ name }) => !name.startsWith('__'));
const fragment = of(...types).chain((type) =>
  fc
    .tuple(of('f0', 'f1', 'f2', 'on'), selection(type, 2))
    .map(([name, fields]) => `fragment ${name} on ${type.name}{${fields}}`),
);
const trivia = rarely(of(' ', '\n', ','), of(`#${canary}\n`, '\ufeff', '\r', '\t', '#\r\n', '\0', '\u2028', ',,,,'));
const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  of('{', '}', '(', '"', '#', '@', '&', '|', '...', '{a'.repeat(400), '[', '"""'),
);

const document = fc
  .tuple(fc.array(operation, { minLength: 1, maxLength: 2 }), fc.array(fragment, { maxLength: 3 }), trivia)
  .map(([operations, fragments, between]) => between + [...operations, ...fragments].join(between));
const hurt = (whole: fc.Arbitrary<string>) =>
  rarely(
    whole,
    fc
      .tuple(whole, fc.nat(400), fc.nat(3), noise)
      .map(([each, at, less, more]) => `${each.slice(0, at)}${more}${each.slice(at + less)}`),
    3,
  );

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 4 }),
  of<unknown>(null, 1e308, [canary], { $ne: canary }, [], {}),
);
const soundInput = fc.record(
  {
    email: text,
    password: text,
    key: text,
    currentPassword: text,
    newPassword: text,
    device: rarely<unknown>(text, oddValue),
    locale: text,
  },
  { requiredKeys: [] },
);
const variables = fc.oneof(
  fc.record({ v: rarely<unknown>(soundInput, oddValue, 2) }),
  oddValue,
  of<unknown>(undefined),
);
const sound = of(
  'mutation($v:RequestPasswordResetInput!){requestPasswordReset(input:$v){__typename}}',
  'mutation($v:ResetPasswordInput!){resetPassword(input:$v){__typename ...on InvalidResetKey{code reason}}}',
  'mutation($v:SignInInput!){signIn(input:$v){__typename}}',
  'mutation($v:SignUpInput!){signUp(input:$v){__typename}}',
  'query($v:String!){passwordResetKey(key:$v){__typename}}',
);
const members = fc.record(
  {
    query: rarely<unknown>(fc.oneof({ weight: 3, arbitrary: hurt(document) }, sound), oddValue, 20),
    variables,
    operationName: rarely<unknown>(of(undefined, 'A', 'B'), oddValue),
    extensions: rarely<unknown>(of(undefined), oddValue),
  },
  { requiredKeys: ['query', 'variables'] },
);
const deep = of('[', '{"a":').chain((open) =>
  of(50, 900, 4_000).map((count) => `{"query":"{__typename}","variables":${open.repeat(count)}`),
);
const body = fc.oneof(
  { weight: 12, arbitrary: soundOperations(schema, text).map((each) => JSON.stringify(each)) },
  { weight: 12, arbitrary: members.map((each) => JSON.stringify(each)) },
  hurt(members.map((each) => JSON.stringify(each))),
  members.map((each) => JSON.stringify([each, each])),
  members.map((each) => JSON.stringify(each).replace('"v":', '"__proto__":')),
  deep,
  fc.json(),
  noise,
);

/** Bodies over our schema: valid and nearly valid operations, and what is none. */
export const documentCases: fc.Arbitrary<DocumentCase> = fc.record({
  type: rarely(
    of('application/json'),
    of(
      'application/json; charset=utf-16',
      'text/plain',
      'application/graphql',
      '',
      'application/json;;',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
    ),
    12,
  ),
  body,
});
