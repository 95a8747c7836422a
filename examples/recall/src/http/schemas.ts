import { limits } from '../domain/limits.ts';

// The schemas keep shapes and sizes out that no route can take; the domain checks what the values mean. Nothing is
// converted: what a query says is text.

const strings = (maxItems: number, maxLength: number): object => ({
  type: 'array',
  maxItems,
  items: { type: 'string', minLength: 1, maxLength },
});

const draftProperties = {
  kind: { type: 'string', minLength: 1, maxLength: 32 },
  title: { type: 'string', minLength: 1, maxLength: limits.maxTitleCharacters },
  body: { type: 'string', maxLength: limits.maxBodyBytes },
  tags: strings(limits.maxTags, limits.maxTagCharacters),
  links: strings(limits.maxLinks, limits.maxSourceCharacters),
} as const;

export const itemDraft = {
  type: 'object',
  required: ['title'],
  additionalProperties: false,
  properties: {
    ...draftProperties,
    source: { type: 'string', minLength: 1, maxLength: limits.maxSourceCharacters },
  },
} as const;

export const itemPatch = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: draftProperties,
} as const;

export const itemBatch = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', minItems: 1, maxItems: limits.maxBatch, items: itemDraft } },
} as const;

export const itemParams = {
  type: 'object',
  properties: { id: { type: 'string', format: 'uuid' } },
} as const;

const page = {
  limit: { type: 'string', pattern: String.raw`^\d{1,3}$` },
  cursor: { type: 'string', minLength: 1, maxLength: 128 },
  kind: { type: 'string', minLength: 1, maxLength: 32 },
  tag: { type: 'string', minLength: 1, maxLength: limits.maxTagCharacters },
} as const;

export const itemQuery = { type: 'object', additionalProperties: false, properties: page } as const;

export const searchQuery = {
  type: 'object',
  required: ['q'],
  additionalProperties: false,
  properties: {
    ...page,
    q: { type: 'string', minLength: 1, maxLength: limits.maxQueryCharacters },
    mode: { enum: ['text', 'hybrid'] },
  },
} as const;

export const predictionQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: page.limit, context: { type: 'string', format: 'uuid' } },
} as const;

export const suggestionBody = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: {
    text: { type: 'string', minLength: 1, maxLength: limits.maxTextBytes },
    limit: { type: 'integer', minimum: 1, maximum: limits.maxPage },
    exclude: { type: 'array', maxItems: limits.maxPage, items: { type: 'string', format: 'uuid' } },
  },
} as const;

export const eventsBody = {
  type: 'object',
  required: ['events'],
  additionalProperties: false,
  properties: {
    events: {
      type: 'array',
      minItems: 1,
      maxItems: limits.maxEvents,
      items: {
        type: 'object',
        required: ['eventId', 'itemId'],
        additionalProperties: false,
        properties: {
          eventId: { type: 'string', minLength: 1, maxLength: 64 },
          itemId: { type: 'string', format: 'uuid' },
          at: { type: 'integer', minimum: 0 },
          origin: { type: 'string' },
          session: { type: 'string', maxLength: 64 },
        },
      },
    },
  },
} as const;
