import type { EntityManager } from '@mikro-orm/postgresql';

/** A node of a plan, as EXPLAIN tells it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  /** Of a node `ModifyTable`. */
  readonly Operation?: string;
  readonly Plans?: readonly PlanNode[];
}

/**
 * Explains a statement and does not run it.
 *
 * @returns every node; one that names no schema has that of the node above.
 */
export async function planOf(em: EntityManager, statement: string): Promise<PlanNode[]> {
  const [row] = await em.execute<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }[]>(
    `explain (format json, costs off, verbose) ${statement}`,
  );
  const nodes: PlanNode[] = [];
  const visit = (node: PlanNode, above: string | undefined) => {
    const schema = node.Schema ?? above;
    nodes.push(schema === undefined ? node : { ...node, Schema: schema });
    for (const each of node.Plans ?? []) visit(each, schema);
  };
  for (const { Plan } of row?.['QUERY PLAN'] ?? []) visit(Plan, undefined);
  return nodes;
}
