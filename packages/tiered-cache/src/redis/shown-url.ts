/** As much of what should be a URL as may be shown: what is none, or has a user, may hold a password anywhere. */
export function shownUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const [scheme = ''] = /^[a-z][a-z\d+.-]*:\/\//i.exec(value) ?? [];
  if (url === undefined || scheme === '') return `${scheme}***`;
  const user = url.username === '' && url.password === '' ? '' : '***@';
  return `${scheme}${user}${url.host}`;
}
