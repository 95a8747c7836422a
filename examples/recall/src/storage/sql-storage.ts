import type { UserId } from '../domain/user-id.ts';
import type {
  AccessRepository,
  ItemRepository,
  SearchRepository,
  Storage,
  UserRepository,
  VectorRepository,
} from './contract.ts';
import type { SqlDatabase } from './sql-work.ts';
import { recordEvents } from './work/events.ts';
import * as items from './work/items.ts';
import { readNeighbours, readOpened, readStatistics } from './work/statistics.ts';
import * as text from './work/text-index.ts';
import * as users from './work/users.ts';
import { itemsWithoutVector, putPending, readVectors } from './work/vectors.ts';

/** The storage over any SQL database that runs {@link Work}. */
export class SqlStorage implements Storage {
  readonly name: string;
  readonly users: UserRepository;
  readonly items: ItemRepository;
  readonly search: SearchRepository;
  readonly access: AccessRepository;
  readonly vectors: VectorRepository;
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.name = database.name;
    this.#database = database;
    this.users = userRepository(database);
    this.items = itemRepository(database);
    this.search = searchRepository(database);
    this.access = accessRepository(database);
    this.vectors = vectorRepository(database);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

const userRepository = (database: SqlDatabase): UserRepository => ({
  revision: (user) => database.read(() => users.revision(user)),
  sharing: async (user) => (await database.read(() => users.findUser(user)))?.sharing ?? false,
  setSharing: (user, sharing) => database.write(() => users.setSharing(user, sharing)),
  erase: (user) => database.write(() => users.eraseUser(user)),
});

function itemRepository(database: SqlDatabase): ItemRepository {
  const { dialect } = database;
  return {
    insert: (user, list, vectors) => database.write(() => items.insertItems(dialect, user, list, vectors)),
    get: (user, itemId) => database.read(() => items.getItem(user, itemId)),
    getMany: (user, itemIds) => database.read(() => items.getItems(dialect, user, itemIds)),
    summaries: (user, itemIds) => database.read(() => items.getSummaries(dialect, user, itemIds)),
    list: (user, page) => database.read(() => items.listItems(dialect, user, page)),
    update: (user, item, expected, vectors) =>
      database.write(() => items.updateItem(dialect, user, item, expected, vectors)),
    delete: (user, itemId, expected) =>
      database.write(() => items.deleteItem(dialect, user, itemId, expected)),
    count: (user) => database.read(() => items.countItems(user)),
  };
}

function searchRepository(database: SqlDatabase): SearchRepository {
  const { dialect } = database;
  return {
    match: (user, terms, options) => database.read(() => text.matchItems(dialect, user, terms, options)),
    snippets: (user, terms, itemIds) => database.read(() => text.readSnippets(dialect, user, terms, itemIds)),
    frequencies: (user, terms) => database.read(() => text.termFrequencies(dialect, user, terms)),
    similarWords: (user, term) => database.read(() => text.similarWords(user, term)),
  };
}

function accessRepository(database: SqlDatabase): AccessRepository {
  const { dialect } = database;
  return {
    record: (user, events) => database.write(() => recordEvents(user, events)),
    statistics: (user, options) => database.read(() => readStatistics(dialect, user, options)),
    neighbours: (user, itemIds, limit) => database.read(() => readNeighbours(dialect, user, itemIds, limit)),
    opened: (user: UserId, itemIds) => database.read(() => readOpened(dialect, user, itemIds)),
  };
}

const vectorRepository = (database: SqlDatabase): VectorRepository => ({
  put: (user, vectors) => database.write(() => putPending(user, vectors)),
  all: (user, model) => database.read(() => readVectors(user, model)),
  missing: (user, model, limit) => database.read(() => itemsWithoutVector(user, model, limit)),
});
