import { library } from '../../tsup.base.ts';

export default library(
  'src/index.ts',
  'src/redis.ts',
  'src/sqlite.ts',
  'src/http.ts',
  'src/identity.ts',
  'src/fastify.ts',
  'src/express.ts',
  'src/fetch.ts',
  'src/express-store.ts',
  'src/fastify-store.ts',
);
