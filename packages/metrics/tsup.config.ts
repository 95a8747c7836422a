import { library } from '../../tsup.base.ts';

export default library('src/index.ts', 'src/prometheus.ts', 'src/sla.ts', 'src/alerts.ts', 'src/health.ts');
