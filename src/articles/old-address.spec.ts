import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOwnPath, oldAddress, oldAddressesOf } from './old-address.js';

it('has one spelling, whatever it was written like', () => {
  const spelling = '/مقالات/ظلّ المدينة?id=5';
  for (const url of [
    spelling,
    `https://old.example${spelling}`,
    `//old.example:8080${spelling}#comments`,
    `HTTP://old.example${encodeURI(spelling)}`,
    encodeURI(spelling).toLowerCase(),
    encodeURI(spelling.normalize('NFD')),
    '/مقالات/ظلّ+المدينة/?id=5'.replace('+', '%20'),
    `${spelling}&utm_source=x&UTM_medium=y&fbclid=z&gclid`,
    '/مقالات/ظلّ المدينة//?utm_campaign=a&&id=5',
  ])
    expect([url, oldAddress(url)]).toEqual([url, spelling]);
  // Capitals tell pages apart, and so does the order of parameters on some sites; a plus is a space in a query alone.
  expect(['/A', '/a', '/x?b=1&a=2', '/x?a=2&b=1', '/a+b?q=a+b'].map(oldAddress)).toEqual(['/A', '/a', '/x?b=1&a=2', '/x?a=2&b=1', '/a+b?q=a b']); // prettier-ignore
});

it('is none where it tells no page from others, or is no text', () => {
  for (const url of [
    '/',
    '',
    'https://old.example',
    'https://old.example/?utm_source=x',
    '/%',
    '/%C7%E1',
    '/a%00',
    '/?x=%ff',
    'javascript:alert(1)',
    'mailto:editor@old.example',
    `/${'x'.repeat(2_000)}`,
    `/${'م'.repeat(1_100)}`,
  ])
    // prettier-ignore
    expect([url, oldAddress(url), oldAddressesOf(url)]).toEqual([url, null, []]);
});

it('is looked for as it is asked for, without our own parameters, and without any', () => {
  expect(oldAddressesOf('/?p=12&lang=en&r=3&utm_source=x')).toEqual(['/?p=12&lang=en&r=3', '/?p=12']);
  expect(oldAddressesOf('/old/?share=1&lang=en')).toEqual(['/old?share=1&lang=en', '/old?share=1', '/old']);
  expect(oldAddressesOf('/old')).toEqual(['/old']);
  expect(oldAddressesOf('/?lang=en')).toEqual(['/?lang=en']);
  for (const url of ['/ظل?q=نص', encodeURI('/ظل?q=نص')]) expect(oldAddressesOf(url)).toEqual(['/ظل?q=نص', '/ظل']);
});

it('knows all that stands here itself', () => {
  const routes = readFileSync(join(import.meta.dirname, '../../test/public-routes.txt'), 'utf8').split('\n');
  const paths = routes.filter((route) => route.startsWith('GET ')).map((route) => route.slice('GET '.length));
  const own = paths.filter((path) => path !== '/' && path !== '/*').map((path) => path.replace(/\(.*\)/, '').replace('/:id', '/7').replaceAll(/:\w+|[*]/g, 'x')); // prettier-ignore
  expect(own.filter((path) => !isOwnPath(path) || !isOwnPath(`${path}?id=5`))).toEqual([]);
  for (const path of [
    '/aboutus',
    '/articles/x.html',
    '/article/7/x',
    '/2019/05/x',
    '/node/12',
    '/12x',
    '/?p=12',
    '/index.php?id=5',
    '/apis',
    '/media/x',
    '/polls/a/b',
    '/authors/a/b',
  ])
    // prettier-ignore
    expect([path, isOwnPath(path)]).toEqual([path, false]);
});
