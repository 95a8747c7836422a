/** A component as a ready-made rule or check sees it: anything with a name and the statistics that it needs. */
export interface Watched<Statistics> {
  readonly name: string;
  statistics(): Statistics;
}
