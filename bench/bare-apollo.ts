import 'reflect-metadata';
import { ApolloServer, HeaderMap } from '@apollo/server';
import fastify from 'fastify';
import {
  Arg,
  buildSchemaSync,
  Ctx,
  createUnionType,
  Field,
  InputType,
  Int,
  InterfaceType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import { answerCalls } from './child.js';
import { FloorStores, type FloorUrls } from './floor-stores.js';

interface Context {
  readonly client: string;
  readonly stores: FloorStores;
}

@InputType()
class RequestPasswordResetInput {
  @Field(() => String)
  email!: string;
}
@ObjectType()
class PasswordResetRequested {
  @Field(() => Int)
  keyLifetimeSeconds!: number;
  @Field(() => Int)
  askAgainAfterSeconds!: number;
}
@InterfaceType()
abstract class UserError {
  @Field(() => String)
  code!: string;
  @Field(() => String)
  message!: string;
}
@ObjectType({ implements: UserError })
class TooManyRequests extends UserError {
  @Field(() => Int)
  retryAfterSeconds!: number;
}
@ObjectType({ implements: UserError })
class TemporarilyUnavailable extends UserError {
  @Field(() => Int)
  retryAfterSeconds!: number;
}
const RequestPasswordResetResult = createUnionType({
  name: 'RequestPasswordResetResult',
  types: () => [PasswordResetRequested, TooManyRequests, TemporarilyUnavailable] as const,
});

@Resolver()
class Requests {
  @Query(() => Boolean)
  isThere(): boolean {
    return true;
  }

  @Mutation(() => RequestPasswordResetResult)
  async requestPasswordReset(
    @Arg('input', () => RequestPasswordResetInput) { email }: RequestPasswordResetInput,
    @Ctx() { stores, client }: Context,
  ): Promise<typeof RequestPasswordResetResult> {
    await stores.take({ email, client });
    return Object.assign(new PasswordResetRequested(), { keyLifetimeSeconds: 3600, askAgainAfterSeconds: 1200 });
  }
}

const tasks = {
  /**
   * The floor's work behind the packages that the product keeps, with nothing of its own around them: what @apollo/server,
   * type-graphql and Fastify cost. Production options; documents are kept parsed, as the package does by itself.
   *
   * @returns its URL.
   */
  async serve(urls: FloorUrls): Promise<string> {
    const stores = await FloorStores.open(urls);
    const schema = buildSchemaSync({ resolvers: [Requests], validate: false });
    const apollo = new ApolloServer<Context>({ schema, introspection: false, stopOnTerminationSignals: false });
    await apollo.start();
    const app = fastify();
    app.post('/graphql', async ({ method, headers, body, ip: client }, reply) => {
      const given = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method,
          headers: new HeaderMap(Object.entries(headers).map(([name, value]) => [name, String(value)])),
          body,
          search: '',
        },
        context: async () => ({ stores, client }),
      });
      for (const [name, value] of given.headers) reply.header(name, value);
      reply.code(given.status ?? 200);
      return reply.send(given.body.kind === 'complete' ? given.body.string : '');
    });
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
};
export type BareApolloTasks = typeof tasks;

answerCalls(tasks);
