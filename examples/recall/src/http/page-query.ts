/** The part of a query that is about a page of a list; its values are text, as all of a query is. */
export interface PageQuery {
  readonly limit?: string;
}

/** The length of the page, if the query gives one. The schemas let digits alone through. */
export const lengthOf = ({ limit }: PageQuery): number | undefined =>
  limit === undefined ? undefined : Number(limit);
