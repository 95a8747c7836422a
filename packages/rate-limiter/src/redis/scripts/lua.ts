/** A string as Lua reads it, whatever its bytes are. */
export function literalOf(bytes: string): string {
  const escaped = bytes.replaceAll(
    /[^ !#-[\]-~]/g,
    (byte) => `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}

/** Lines that stand deeper by so many spaces; without those that were left empty. */
export function indented(spaces: number, text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => ' '.repeat(spaces) + line).join('\n');
}
