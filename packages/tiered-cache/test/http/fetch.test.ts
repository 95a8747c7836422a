import { adapterContract } from './contract/adapter-contract.ts';
import { fetchSite } from './contract/fetch-site.ts';

adapterContract('cachedHandler', fetchSite);
