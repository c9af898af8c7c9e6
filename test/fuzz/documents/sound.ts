import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

/** An operation that the schema allows, and variables that its inputs allow. */
export interface SoundOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A root field as it is called, and what it says of its variable. */
interface Call {
  readonly text: string;
  readonly declared: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Operations that pass validation, so that their values reach the resolvers: one root field in a mutation, each at most
 * once in a query, arguments as variables or as literals, results through fragments of every kind.
 *
 * @param text what stands where the schema wants a string.
 */
export function soundOperations(schema: GraphQLSchema, text: fc.Arbitrary<string>): fc.Arbitrary<SoundOperation> {
  const value = (type: GraphQLInputType): fc.Arbitrary<unknown> => {
    const inner = getNullableType(type);
    if (isListType(inner)) return fc.array(value(inner.ofType), { maxLength: 3 });
    if (!isInputObjectType(inner)) return text;
    const fields = Object.values(inner.getFields());
    const members = Object.fromEntries(
      fields.map((field) => [field.name, isNonNullType(field.type) ? value(field.type) : fc.option(value(field.type))]),
    );
    const requiredKeys = fields.filter(({ type: each }) => isNonNullType(each)).map(({ name }) => name);
    return fc.record(members, { requiredKeys });
  };

  const fields = (type: GraphQLObjectType, depth: number): fc.Arbitrary<string> =>
    fc
      .subarray(Object.values(type.getFields()), { minLength: 1 })
      .chain((chosen) => fc.tuple(...chosen.map((each) => below(each.type, depth).map((inner) => each.name + inner))))
      .map((all) => `__typename ${all.join(' ')}`);
  const below = (type: GraphQLOutputType, depth = 0): fc.Arbitrary<string> => {
    const named = getNamedType(type);
    if (isObjectType(named)) {
      return depth > 3 ? fc.constant('{__typename}') : fields(named, depth + 1).map((inner) => `{${inner}}`);
    }
    if (!isUnionType(named)) return fc.constant('');
    const members = fc
      .subarray([...named.getTypes()])
      .chain((types) =>
        fc.tuple(...types.map((each) => fields(each, depth + 1).map((inner) => `...on ${each.name}{${inner}}`))),
      );
    const shared = userErrors(schema, named.getTypes());
    return fc.tuple(members, fc.boolean()).map(([all, isShared]) => {
      return `{__typename ${all.join(' ')}${isShared && shared ? `...on ${shared}{code message}` : ''}}`;
    });
  };

  const call = (field: GraphQLField<unknown, unknown>, index: number): fc.Arbitrary<Call> =>
    fc
      .tuple(fc.tuple(...field.args.map((arg) => value(arg.type))), fc.boolean(), below(field.type), fc.boolean())
      .map(([values, areLiteral, inner, isNamed]) => {
        const names = field.args.map((_, at) => `v${index}_${at}`);
        const given = field.args.map(
          ({ name }, at) => `${name}:${areLiteral ? inLiteral(values[at]) : `$${names[at]}`}`,
        );
        return {
          text: `${isNamed ? `r${index}:` : ''}${field.name}${given.length > 0 ? `(${given.join(',')})` : ''}${inner}`,
          declared: areLiteral ? '' : field.args.map(({ type }, at) => `$${names[at]}:${type}`).join(','),
          variables: areLiteral ? {} : Object.fromEntries(names.map((name, at) => [name, values[at]])),
        };
      });
  const operation = (kind: string, root: fc.Arbitrary<readonly GraphQLField<unknown, unknown>[]>) =>
    root
      .chain((chosen) => fc.tuple(...chosen.map(call)))
      .map((calls) => {
        const declared = calls.flatMap((each) => each.declared || []).join(',');
        const head = declared ? `${kind} Q(${declared})` : kind;
        const variables: Record<string, unknown> = Object.assign({}, ...calls.map((each) => each.variables));
        return { query: `${head}{${calls.map((each) => each.text).join(' ')}}`, variables };
      });
  const of = (type: GraphQLObjectType | null | undefined) => Object.values(type?.getFields() ?? {});
  return fc.oneof(
    {
      weight: 3,
      arbitrary: operation(
        'mutation',
        fc.constantFrom(...of(schema.getMutationType())).map((each) => [each]),
      ),
    },
    operation('query', fc.subarray(of(schema.getQueryType()), { minLength: 1, maxLength: 3 })),
  );
}

/** The name of an interface that a member of the union has. */
function userErrors(schema: GraphQLSchema, types: readonly GraphQLObjectType[]): string | undefined {
  const shared = schema.getType('UserError');
  return isInterfaceType(shared) && types.some((each) => each.getInterfaces().includes(shared))
    ? shared.name
    : undefined;
}

/** A JSON value as GraphQL writes it: the same but for the names of members. */
function inLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inLiteral).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}:${inLiteral(each)}`)
    .join(' ')}}`;
}
