import { defaultFieldResolver, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, type NonEmptyArray } from 'type-graphql';

/** One object of each resolver class, made with its dependencies. */
export type Resolvers = readonly object[];

/**
 * Builds the schema of these resolver classes; each field is resolved by the given object of its class.
 *
 * @param onResult called for every answered root field with its name and the type of its result, or `error`.
 */
export function buildSchema(resolvers: Resolvers, onResult?: (field: string, result: string) => void): GraphQLSchema {
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const schema = buildSchemaSync({
    // biome-ignore lint/complexity/noBannedTypes: the type that type-graphql asks for
    resolvers: resolvers.map((resolver) => resolver.constructor) as unknown as NonEmptyArray<Function>,
    container: { get: (resolver) => byClass.get(resolver) },
    validate: false,
  });
  if (onResult) watchRootFields(schema, onResult);
  return schema;
}

function watchRootFields(schema: GraphQLSchema, onResult: (field: string, result: string) => void): void {
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = async (...args) => {
        try {
          const result: unknown = await resolve(...args);
          onResult(name, nameOf(result));
          return result;
        } catch (error) {
          onResult(name, 'error');
          throw error;
        }
      };
    }
  }
}

function nameOf(result: unknown): string {
  if (typeof result !== 'object' || result === null) return String(result);
  return 'kind' in result ? String(result.kind) : result.constructor.name;
}
