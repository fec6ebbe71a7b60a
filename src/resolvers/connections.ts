import type { PageInfo } from "../schema/page-info.type.js";

/** A page as the API shows it. `count` is called only where `totalCount` is asked for. */
export interface Page<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly nodes: readonly T[];
  readonly pageInfo: PageInfo;
  readonly count: () => Promise<number>;
}

export interface PageParts<T> {
  readonly nodes: readonly T[];
  /** One per node. */
  readonly cursors: readonly string[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly count: () => Promise<number>;
}

export function pageOf<T>({ nodes, cursors, hasNextPage, hasPreviousPage, count }: PageParts<T>): Page<T> {
  return {
    edges: nodes.map((node, i) => ({ cursor: cursors[i] ?? "", node })),
    nodes,
    pageInfo: { hasNextPage, hasPreviousPage, startCursor: cursors[0] ?? null, endCursor: cursors.at(-1) ?? null },
    count,
  };
}

export const emptyPage = <T>(): Page<T> => pageOf<T>({ nodes: [], cursors: [], hasNextPage: false, hasPreviousPage: false, count: async () => 0 });
