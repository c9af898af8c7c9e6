import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { BREAK, type DocumentNode, type GraphQLSchema, Kind, visit } from 'graphql';
import type { GraphqlContext } from '../calls/context.js';
import { describeFault, type Log } from '../observability/log.js';
import { isWrongArgument, maskError } from './mask-error.js';
import { introspectionLimits, operationLimits, operationLimitsRule } from './operation-limits.js';

export interface ApolloSettings {
  readonly sandbox: boolean;
  readonly introspection: boolean;
}

/** Apollo Server with everything off that a handful of mutations does not need. */
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
        ? ApolloServerPluginLandingPageLocalDefault({ embed: { runTelemetry: false }, footer: false })
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

/** Logs what was not made on purpose, by name and place, and gives the caller the id to ask about it. */
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
          // Apollo Server answers 200 to a persisted query, which is refused like any other request that ran nothing.
          if (data === undefined && response.http.status === 200) response.http.status = 400;
          // Errors that say the same are said once; their number would tell how close a guessed name came.
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
 * Parsed documents by the hash of their text, so that a client's few operations are parsed and validated once. One that
 * carries a string literal may carry a password, and is not kept.
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
