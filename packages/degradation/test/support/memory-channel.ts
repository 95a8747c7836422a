import type { FleetChannel, FleetReport } from '@holdfast/degradation';

/** A channel within one process, which can be broken. */
export class MemoryChannel implements FleetChannel {
  readonly #reports = new Map<string, FleetReport>();
  state: 'well' | 'broken' | 'hanging' = 'well';

  async publish(report: FleetReport): Promise<void> {
    if (this.state === 'broken') throw new Error('the channel is broken');
    if (this.state === 'hanging') await new Promise(() => undefined);
    this.#reports.set(report.instance, report);
  }

  async read(): Promise<readonly FleetReport[]> {
    if (this.state === 'broken') throw new Error('the channel is broken');
    return [...this.#reports.values()];
  }
}
