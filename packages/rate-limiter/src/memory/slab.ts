/** Numbers in a chunk: 256 KiB. Addresses step by it from chunk to chunk. */
const chunkBits = 15;
const chunkSize = 1 << chunkBits;
/** The first chunk is 4 KiB, and each further one is twice as large until they are full-sized. */
const firstChunkSize = 512;
const endOfList = -1;

/**
 * Blocks of numbers in typed arrays, outside of the heap that the garbage collector walks. A block has an address, which
 * is a whole number, and never moves. Memory that was freed serves blocks of the same size again; it is never given
 * back.
 */
export class Slab {
  readonly #chunks: Float64Array[] = [];
  /** By size: address of the first free block, which holds the address of the next. */
  readonly #free: number[] = [];
  #next = 0;
  #end = 0;

  /** The chunk that holds the number at `address`, at {@link offsetOf}. */
  chunkOf(address: number): Float64Array {
    return this.#chunks[address >>> chunkBits] as Float64Array;
  }

  /** Address of a block of `size` numbers, at most 32,768. They are 0, or, but for the first, as they were left. */
  allocate(size: number): number {
    const free = this.#free[size] ?? endOfList;
    if (free === endOfList) return this.#extend(size);
    this.#free[size] = this.chunkOf(free)[offsetOf(free)] as number;
    return free;
  }

  free(address: number, size: number): void {
    this.chunkOf(address)[offsetOf(address)] = this.#free[size] ?? endOfList;
    this.#free[size] = address;
  }

  #extend(size: number): number {
    if (this.#next + size > this.#end) {
      const wanted = Math.min(chunkSize, firstChunkSize << Math.min(this.#chunks.length, chunkBits));
      this.#next = this.#chunks.length << chunkBits;
      const numbers = Math.max(size, wanted);
      this.#end = this.#next + numbers;
      this.#chunks.push(new Float64Array(numbers));
    }
    const address = this.#next;
    this.#next += size;
    return address;
  }
}

/** Where in its chunk the number at `address` is. */
export function offsetOf(address: number): number {
  return address & (chunkSize - 1);
}

/** A number that is whole, and known to the engine to be so: as an index it is not checked again. */
export function wholeAt(numbers: Float64Array, at: number): number {
  return (numbers[at] as number) | 0;
}
