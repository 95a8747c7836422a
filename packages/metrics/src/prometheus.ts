/**
 * Exposition to Prometheus: through the registry of a client that the application has already, or as plain text.
 *
 * @module
 */
export { exposeTo, type PrometheusRegistry, type Unexpose } from './prometheus/expose-to.ts';
export { renderText, textContentType } from './prometheus/render-text.ts';
