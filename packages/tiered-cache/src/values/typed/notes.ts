import type { Key } from './path.ts';

/**
 * Says what a part of JSON stands for: the name of a type, or, where parts inside it stand for something as well, the name
 * and then the key of and the note about each of these in turn. The name is `''` for an array or object that is one.
 */
export type Note = string | Notes;
export type Notes = [name: string, ...parts: (Key | Note)[]];
