/**
 * A stable fraction from 0, included, to 1 for a subject: FNV-1a over salt and subject, mixed by the finaliser of
 * MurmurHash3, so that names that differ in one letter land far apart. Another salt deals the subjects anew.
 */
export function cohortOf(subject: string, salt: number): number {
  let hash = Math.imul(salt ^ 0x81_1c_9d_c5, 0x01_00_01_93);
  for (let i = 0; i < subject.length; i += 1) hash = Math.imul(hash ^ subject.charCodeAt(i), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
