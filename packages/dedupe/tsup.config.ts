import { library } from '../../tsup.base.ts';

export default library(
  'src/index.ts',
  'src/http.ts',
  'src/express.ts',
  'src/fastify.ts',
  'src/fetch.ts',
  'src/react.ts',
);
