import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** Bounds of one document. The largest operation of our SDK has about 150 tokens, 40 fields and 4 levels. */
export interface OperationLimits {
  readonly tokens: number;
  readonly fields: number;
  readonly depth: number;
}
export const operationLimits: OperationLimits = { tokens: 400, fields: 100, depth: 6 };
/** Introspection queries are larger. */
export const introspectionLimits: OperationLimits = { tokens: 2_000, fields: 300, depth: 16 };

/**
 * A mutation has exactly one root field and a query each root field at most once, counted after expanding fragments
 * and whatever the aliases: otherwise one HTTP request could try a thousand keys.
 */
export function operationLimitsRule(limits: OperationLimits) {
  return (context: ValidationContext): ASTVisitor => ({
    Document(document: DocumentNode) {
      const refusal = findRefusal(document, limits);
      if (refusal) context.reportError(new GraphQLError(refusal));
    },
  });
}

function findRefusal(document: DocumentNode, limits: OperationLimits): string | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  for (const operation of operations) {
    // The schema has no subscriptions; validation lets one pass, and execution would report an internal error.
    if (operation.operation === 'subscription') return 'Only queries and mutations are answered.';
    const rootFields: string[] = [];
    const counted = countFields(operation.selectionSet, fragments, limits, (name) => rootFields.push(name));
    if (!counted) return 'The operation is too large.';
    if (operation.operation === 'mutation' && rootFields.length !== 1)
      return 'A mutation must have exactly one root field.';
    if (new Set(rootFields).size !== rootFields.length) return 'A root field may stand only once in a query.';
  }
  return undefined;
}

/** Walks the selections that would be executed and stops at the limits. @returns whether they are within the limits. */
function countFields(
  root: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  limits: OperationLimits,
  onRootField: (name: string) => void,
): boolean {
  let steps = 0;
  const walk = (selectionSet: SelectionSetNode, depth: number, nesting: number): boolean => {
    if (depth > limits.depth || nesting > 2 * limits.depth) return false;
    return selectionSet.selections.every((selection) => {
      if (++steps > limits.fields) return false;
      if (selection.kind === Kind.FIELD) {
        if (depth === 1) onRootField(selection.name.value);
        return selection.selectionSet ? walk(selection.selectionSet, depth + 1, nesting + 1) : true;
      }
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection.selectionSet
          : fragments.get(selection.name.value)?.selectionSet;
      return inner ? walk(inner, depth, nesting + 1) : true;
    });
  };
  return walk(root, 1, 1);
}
