const wordPattern = /[\p{L}\p{N}]+/gu;

/** The words of a text in their order: runs of letters and digits, lower-cased. */
export function words(text: string): string[] {
  return text.normalize('NFC').toLowerCase().match(wordPattern) ?? [];
}

/** Whether a word can be misspelt: 3 to 40 letters or digits, at least one a letter. */
const isTerm = (word: string): boolean => word.length >= 3 && word.length <= 40 && /\p{L}/u.test(word);

/** The distinct words of an item that go into its owner's vocabulary. */
export function vocabularyTerms(item: {
  readonly title: string;
  readonly body: string;
  readonly tags: readonly string[];
}): readonly string[] {
  return [...new Set(words(`${item.title} ${item.body} ${item.tags.join(' ')}`))].filter(isTerm);
}

/** Most terms of one query. More cost time and find nothing more. */
const maxQueryTerms = 16;

/**
 * The distinct terms of a query. They consist of letters and digits alone, so whatever a user types, no operator or
 * quotation mark of an index's own query language is left in them.
 */
export function queryTerms(query: string): readonly string[] {
  return [...new Set(words(query).filter((word) => word.length <= 64))].slice(0, maxQueryTerms);
}
