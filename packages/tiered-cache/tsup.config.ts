import { library } from '../../tsup.base.ts';

export default library(
  'src/index.ts',
  'src/redis.ts',
  'src/sqlite.ts',
  'src/postgres.ts',
  'src/http.ts',
  'src/keyv.ts',
  'src/bentocache.ts',
  'src/insight.ts',
  'src/environment.ts',
);
