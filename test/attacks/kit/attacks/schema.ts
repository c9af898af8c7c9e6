import type { Answer } from '../../attack.js';
import type { Attack } from '../attack.js';
import type { Target } from '../target.js';

const withoutId = ({ status, body }: Answer) => `${status} ${body.replace(/,?"requestId":"[^"]*"/g, '')}`;
const ask = (target: Target, query: string, more: object = {}) => target.stranger().post({ query, ...more });

const introspection: Attack = {
  ids: ['G-10'],
  title: 'asking for the schema',
  needs: 'url',
  run: async (target, findings) => {
    for (const [name, query, operationName] of [
      ['plainly', '{ __schema { types { name } } }'],
      ['over lines', 'query\n{\n__schema\n{types{name}}}'],
      ['with commas', '{,,__schema,,{,types,{,name,},},}'],
      ['after a byte order mark', '\ufeff{ __schema { types { name } } }'],
      ['behind a comment', '#{\n{ __schema #}\n{ types { name } } }'],
      ['with an alias', '{ passwordPolicy: __schema { types { name } } }'],
      ['one type', '{ __type(name: "Account") { fields { name } } }'],
      ['one type by variable', 'query($n: String = "Mutation") { __type(name: $n) { fields { name } } }'],
      ['in a fragment', '{ ...F } fragment F on Query { __schema { types { name } } }'],
      ['in an inline fragment', '{ ... on Query { ... { __schema { types { name } } } } }'],
      ['in the second operation', 'query A { __typename } query B { __schema { types { name } } }', 'A'],
      ['skipped', '{ __typename __schema @skip(if: true) { types { name } } }'],
      ['beside a field', '{ passwordPolicy { minLength } __schema { directives { name } } }'],
      ['under a mutation', 'mutation { __schema { types { name } } }'],
      ['the usual query', 'query IntrospectionQuery { __schema { queryType { name } mutationType { name } } }'],
      ['the service of a subgraph', '{ _service { sdl } }'],
      ['the entities of a subgraph', '{ _entities(representations: []) { __typename } }'],
    ] as const) {
      const answer = await ask(target, query, { operationName });
      const isTold = /"(?:types|fields|directives|sdl|queryType)"|introspection/i.test(answer.body);
      findings.note(name, answer.status === 400 && !isTold, withoutId(answer));
    }
    for (const path of [
      '/graphql',
      '/',
      '/graphiql',
      '/playground',
      '/sandbox',
      '/graphql/schema',
      '/schema.graphql',
      '/inbox',
      '/inbox.json',
    ]) {
      const answer = await target.stranger().get(path, { accept: 'text/html' });
      findings.note(
        `a page at ${path}`,
        answer.status >= 400 && !/sandbox|graphiql|type Query/i.test(answer.body),
        withoutId(answer),
      );
    }
    return 'refused; no page to explore either';
  },
};

const suggestions: Attack = {
  ids: ['G-11', 'V-38'],
  title: 'guessing names of the schema by what is said of wrong ones',
  needs: 'url',
  run: async (target, findings) => {
    const wrong = [
      '{ requestPasswordRest }',
      '{ mee { id } }',
      '{ passwordResetKey }',
      '{ passwordResetKey(kye: "x") { __typename } }',
      '{ passwordResetKey(key: 5) { __typename } }',
      '{ passwordPolicy { minLenght } }',
      '{ me { pasword } }',
      '{ me { passwordHash } }',
      '{ me { ... on SignedIn { accessToken } } }',
      '{ ...F } fragment F on Acount { id }',
      'mutation { signIn(input: { emial: "x", password: "x" }) { __typename } }',
      'mutation { signIn(input: { email: "x" }) { __typename } }',
      'mutation { signIn(input: SIGN) { __typename } }',
      'mutation { signIn(input: { email: "x", password: "x" }) { accessTokn } }',
      'mutation { resetPasword(input: { key: "x", password: "x" }) { __typename } }',
      'mutation($input: SignInInpt!) { signIn(input: $input) { __typename } }',
      'mutation($input: SignUpInput!) { signIn(input: $input) { __typename } }',
      'query($a: Int = "x") { me @skip(if: $a) { id } }',
      '{ me @skp(if: true) { id } }',
    ];
    const answers = new Map<string, string>();
    for (const query of wrong) answers.set(withoutId(await ask(target, query)), query);
    findings.tried += wrong.length - 1;
    findings.note('documents that do not fit', answers.size === 1, [...answers.keys()]);
    const words = [
      'me',
      'passwordPolicy',
      'passwordResetKey',
      'user',
      'users',
      'admin',
      'account',
      'accounts',
      'token',
    ];
    const parts = ['password', 'reset', 'key', 'session', 'email', 'mail', 'sign', 'list', 'all', 'find', 'internal'];
    const guesses = [
      ...words,
      ...parts,
      ...parts.flatMap((one) => parts.map((two) => `${one}${two[0]?.toUpperCase()}${two.slice(1)}`)),
    ];
    const told = new Map<string, string>();
    for (const word of guesses) told.set(withoutId(await ask(target, `{ ${word} }`)), word);
    findings.tried += guesses.length - 1;
    findings.note('names of fields', told.size === 1, [...told]);
    return 'one answer to every name, there or not';
  },
};

export const schema: readonly Attack[] = [introspection, suggestions];
