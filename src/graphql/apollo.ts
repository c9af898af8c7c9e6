import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { BREAK, type DocumentNode, type GraphQLSchema, Kind, visit } from 'graphql';
import type { GraphqlContext } from '../calls/context.js';
import { describeFault, type Log } from '../observability/log.js';
import { isWrongArgument, maskError } from './mask-error.js';
import { introspectionLimits, operationLimits, operationLimitsRule } from './operation-limits.js';
import { sandboxFlow } from './sandbox-flow.js';

export interface ApolloSettings {
  readonly sandbox: boolean;
  readonly introspection: boolean;
}

/** Makes the Apollo Server; features that this small schema does not need are switched off. */
export function createApollo(schema: GraphQLSchema, settings: ApolloSettings, log: Log): ApolloServer<GraphqlContext> {
  const limits = settings.introspection ? introspectionLimits : operationLimits;
  return new ApolloServer<GraphqlContext>({
    schema,
    introspection: settings.introspection,
    formatError: maskError(settings.introspection),
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    parseOptions: { maxTokens: limits.tokens },
    validationOptions: { maxErrors: 5 },
    executionOptions: { maxCoercionErrors: 5 },
    maxRecursiveSelections: !settings.introspection,
    validationRules: [operationLimitsRule(limits)],
    documentStore: new DocumentStore(),
    stopOnTerminationSignals: false,
    nodeEnv: 'production',
    plugins: [
      settings.sandbox
        ? ApolloServerPluginLandingPageLocalDefault({ embed: { runTelemetry: false }, footer: false, ...sandboxFlow })
        : ApolloServerPluginLandingPageDisabled(),
      faultLog(log),
    ],
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => log.warn({ part: 'apollo' }, 'Apollo Server warning'),
      error: () => log.error({ part: 'apollo' }, 'Apollo Server fault'),
    },
  });
}

/**
 * Logs unexpected errors by name and place, and adds the request id to every error so that the caller can ask about it.
 */
function faultLog(log: Log): ApolloServerPlugin<GraphqlContext> {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors, contextValue }) {
          for (const error of errors) {
            if (!error.originalError || error.extensions.code || isWrongArgument(error)) continue;
            log.error(
              { requestId: contextValue.caller.requestId, fault: describeFault(error.originalError) },
              'a resolver failed',
            );
          }
        },
        async willSendResponse({ response, contextValue }) {
          if (response.body.kind !== 'single') return;
          const { data, errors } = response.body.singleResult;
          if (!errors) return;
          // Apollo Server refuses a persisted query with status 200; every other request that ran nothing gets 400.
          if (data === undefined && response.http.status === 200) response.http.status = 400;
          // Equal errors are sent once: their number would tell how close a guessed name came to one of the schema.
          const different = [...new Map(errors.map((error) => [JSON.stringify(error), error])).values()];
          response.body.singleResult.errors = different.map((error) => ({
            ...error,
            extensions: { ...error.extensions, requestId: contextValue.caller.requestId },
          }));
        },
      };
    },
  };
}

/**
 * Parsed documents by the hash of their text, so that a client's few operations are parsed and validated once. A
 * document with a string literal may contain a password, so it is not kept. At most 200 are kept; then the store is
 * emptied.
 */
class DocumentStore {
  readonly #documents = new Map<string, DocumentNode>();

  async get(hash: string): Promise<DocumentNode | undefined> {
    return this.#documents.get(hash);
  }

  async set(hash: string, document: DocumentNode): Promise<void> {
    if (holdsText(document)) return;
    if (this.#documents.size >= 200) this.#documents.clear();
    this.#documents.set(hash, document);
  }

  async delete(hash: string): Promise<boolean> {
    return this.#documents.delete(hash);
  }
}

function holdsText(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    [Kind.STRING]() {
      found = true;
      return BREAK;
    },
  });
  return found;
}
