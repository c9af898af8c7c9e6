import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type NonEmptyArray } from 'type-graphql';

/** The resolvers, as objects with their parts in them. */
export type Resolvers = readonly object[];

/** Builds the schema of these resolvers; each class is answered by the object that was given. */
export function buildSchema(resolvers: Resolvers): GraphQLSchema {
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  return buildSchemaSync({
    // biome-ignore lint/complexity/noBannedTypes: the type that type-graphql asks for
    resolvers: resolvers.map((resolver) => resolver.constructor) as unknown as NonEmptyArray<Function>,
    container: { get: (resolver) => byClass.get(resolver) },
    validate: false,
  });
}
