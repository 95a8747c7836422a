/** What the service under load tells whoever started it. */
export type ServiceReport =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'feature'; readonly what: string; readonly feature: string }
  | {
      readonly type: 'state';
      readonly level: number;
      readonly score: number;
      /** How many features are on; one that comes back counts by its share. */
      readonly featuresOn: number;
    };
